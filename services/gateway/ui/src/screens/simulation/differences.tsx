// Differences while it runs, with intervals that are valid however often somebody looks.

import { useQuery } from "@tanstack/react-query";
import { monitor } from "../../api/queries";
import { Panel } from "../../components/parts";
import { number, percent, words } from "../../format/format";
import { isOver, type Run } from "../../live/run";
import { text } from "../../text/text";
import { Forest, widest } from "../results/forest";
import { PeopleLink, type SideOf } from "../results/sides";

const POLL_MS = 2_000;

export function Differences(props: { interventionId: string; simulationId: string; run: Run; side: SideOf }) {
  const { interventionId, simulationId, run, side } = props;
  const seen = useQuery({
    ...monitor(interventionId, simulationId),
    refetchInterval: isOver(run.state) ? false : POLL_MS,
    enabled: run.total("answered") > 0,
    retry: false,
  });
  const shown = seen.data?.comparisons.filter((one) => one.difference !== null) ?? [];
  const evidence = shown[0]?.evidence;
  if (isOver(run.state) && !shown.length) return null;
  return (
    <Panel title={text.monitor.interval}>
      {shown.length ? null : <p className="muted">{text.monitor.intervalEmpty}</p>}
      {seen.data && shown.length ? <p className="headline">{words(seen.data.decision.headline)}</p> : null}
      <ul className="so-far">
        {shown.map((one) => (
          <li key={`${one.metric} ${one.arm}`}>
            <span>
              {words(one.metric)}: {words(one.arm)}{" "}
              <span className="fine">{text.results.against(words(one.baseline))}</span>
            </span>
            <PeopleLink
              side={side(one.arm)}
              filter={{ metric: one.metric }}
              label={text.results.whoIs(words(one.metric), words(one.arm))}
            >
              <Forest
                value={one.difference ?? null}
                interval={(one.interval as [number, number] | null) ?? null}
                widest={widest(shown.filter((other) => other.metric === one.metric))}
                arm={side(one.arm).place}
                label={`${words(one.metric)}: ${number(one.difference)}`}
              />
            </PeopleLink>
            <span className="counts">{`${text.results.answers(one.n)} · ${percent(one.confidence_level)}`}</span>
          </li>
        ))}
      </ul>
      {evidence ? (
        <p className="fine">
          {`${text.results.evidence} ${evidence.grade}, ${text.results.effectiveN} ${number(evidence.effective_n)}: ${evidence.caveat}. `}
          {text.monitor.intervalNote}
        </p>
      ) : null}
    </Panel>
  );
}
