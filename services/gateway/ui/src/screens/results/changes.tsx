// What was asked more than once: the last time against the first, each person with themselves.

import type { Schema } from "../../api/client";
import { Panel } from "../../components/parts";
import { words } from "../../format/format";
import { text } from "../../text/text";
import { asInterval, type Levels, titled } from "./levels";
import { ArmName, PeopleLink, type SideOf } from "./sides";

type Shift = NonNullable<Schema["ResultsAnalysis"]["changes"]>[number];

export function Changes(props: { changes: Shift[]; levels: Levels; side: SideOf }) {
  const { levels } = props;
  const t = text.results.changed;
  return (
    <Panel title={t.title}>
      <p className="fine">{t.note}</p>
      <div className="table-scroll">
        <table className="data-table stacking">
          <thead>
            <tr>
              <th scope="col">{text.results.metric}</th>
              {[t.first, t.last, t.change].map((head) => (
                <th scope="col" className="right" key={head}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {props.changes.map((one) => {
              const interval = asInterval(one.interval);
              const change = (value: number) => levels.change(one.metric, value);
              const people = text.results.whoIs(titled(one), props.side(one.arm).name ?? words(one.arm));
              return (
                <tr key={`${titled(one)} ${one.arm}`}>
                  <th scope="row">
                    {titled(one)}
                    <span className="under">
                      <ArmName side={props.side(one.arm)} /> · {t.both(one.n)}
                    </span>
                  </th>
                  <td className="right" data-label={t.first}>
                    {levels.level(one.metric, one.first)}
                    <span className="under">{t.round(one.first_round)}</span>
                  </td>
                  <td className="right" data-label={t.last}>
                    {levels.level(one.metric, one.last)}
                    <span className="under">{t.round(one.last_round)}</span>
                  </td>
                  <td className="right" data-label={t.change}>
                    <PeopleLink side={props.side(one.arm)} filter={{ metric: one.metric }} besides={people}>
                      {change(one.difference)}
                      {levels.unit(one.metric)}
                    </PeopleLink>
                    {interval ? (
                      <span className="under">{text.interval(change(interval[0]), change(interval[1]))}</span>
                    ) : null}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
