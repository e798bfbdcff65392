// One simulation in the list.

import { Link } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { Ago, Meter, StateBadge } from "../../components/parts";
import { dollars, words } from "../../format/format";
import { isOver } from "../../live/run";
import { text } from "../../text/text";

export function SimulationRow({ item }: { item: Schema["SimulationView"] }) {
  const { answered, failed, planned } = item.progress;
  const silent = isOver(item.state)
    ? text.simulations.none
    : (text.simulations.silent[item.state] ?? text.simulations.unasked);
  return (
    <li>
      <Link to="/simulations/$id" params={{ id: item.simulation_id }} className="simulation-row">
        <span className="row-name">
          <strong>{item.name}</strong>
          <span className="id">{item.simulation_id}</span>
        </span>
        <StateBadge state={item.state} />
        <span className="row-progress">
          <Meter part={answered} failed={failed} total={planned} label={`${text.monitor.responses}: ${item.name}`} />
          <span className="counts">
            {planned ? text.simulations.answered(answered, planned) : silent}
            {failed ? <span className="failed"> · {text.simulations.failed(failed)}</span> : null}
          </span>
        </span>
        <span className="row-facts">
          <span>{words(item.model)}</span>
          <span>{dollars(item.usage.cost_usd)}</span>
          <Ago at={item.created_at} />
        </span>
      </Link>
    </li>
  );
}
