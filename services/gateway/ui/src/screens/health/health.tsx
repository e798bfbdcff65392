// Whether the simulated answers are complete, valid and varied. A check that asks for attention comes first.

import { useQuery } from "@tanstack/react-query";
import type { Schema } from "../../api/client";
import { quality } from "../../api/queries";
import { Loading } from "../../app/loading";
import { Panel, ProblemNotice } from "../../components/parts";
import { number, sentence, title, words } from "../../format/format";
import { text } from "../../text/text";
import "../results/results.css";

const ORDER = ["fail", "warn", "pass"];
const rank = (check: Schema["Check"]) => (ORDER.indexOf(check.status) + ORDER.length + 1) % (ORDER.length + 1);

export function Health({ id }: { id: string }) {
  const card = useQuery(quality(id));
  if (card.isPending) return <Loading />;
  if (!card.data) return <ProblemNotice error={card.error} retry={() => void card.refetch()} />;
  const checks = [...card.data.checks].sort((a, b) => rank(a) - rank(b));
  const issues = checks.filter((check) => check.status === "fail" || check.status === "warn").length;
  return (
    <Panel title={text.health.title}>
      <p>{issues ? text.health.issues(issues) : text.health.fine}</p>
      <div className="table-scroll">
        <table className="data-table stacking">
          <thead>
            <tr>
              <th scope="col">{text.health.check}</th>
              <th scope="col">{text.health.status}</th>
              <th scope="col" className="right">
                {text.health.value}
              </th>
              <th scope="col">{text.health.meaning}</th>
            </tr>
          </thead>
          <tbody>
            {checks.map((check) => (
              <tr key={check.name}>
                <th scope="row">{title(check.name)}</th>
                <td data-label={text.health.status}>
                  <span className={`state state-${check.status}`}>
                    {text.health.statuses[check.status] ?? words(check.status)}
                  </span>
                </td>
                <td className="right" data-label={text.health.value}>
                  {number(check.value)}
                </td>
                <td className="wide muted" data-label={text.health.meaning}>
                  {check.meaning}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="fine">{sentence(card.data.caveat)}</p>
    </Panel>
  );
}
