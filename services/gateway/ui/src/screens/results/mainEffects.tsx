// What each level of a factor does over all levels of the other factors: what a factorial study is made to find out.

import type { Schema } from "../../api/client";
import { Panel } from "../../components/parts";
import { pValue, words } from "../../format/format";
import { text } from "../../text/text";
import { Change, Finding, Grade } from "./cells";
import { Forest, widest } from "./forest";
import { asInterval, type Levels, titled } from "./levels";
import { PeopleLink, type Side } from "./sides";

type Effect = Schema["FactorEffect"];
const t = text.results.mainEffects;

export function MainEffects({ effects, levels, side }: { effects: Effect[]; levels: Levels; side: Side }) {
  const factors = [...new Set(effects.map((one) => one.factor))];
  return (
    <Panel title={t.title}>
      <div className="table-scroll">
        <table className="data-table stacking">
          <thead>
            <tr>
              <th scope="col">{text.results.metric}</th>
              <th scope="col">{t.level}</th>
              <th scope="col">{text.results.interval}</th>
              <th scope="col" className="right">
                {text.results.difference}
              </th>
              <th scope="col" className="right">
                {text.results.adjusted}
              </th>
              <th scope="col">{text.results.grade}</th>
              <th scope="col">{text.results.finding}</th>
            </tr>
          </thead>
          <tbody>
            {effects.map((one) => (
              <tr key={`${titled(one)} ${one.factor} ${one.level}`}>
                <th scope="row">{titled(one)}</th>
                <td data-label={t.level} className="wide">
                  {t.levelOf(words(one.factor), words(one.level))}
                  <span className="under">{text.results.against(words(one.reference))}</span>
                </td>
                <td data-label={text.results.interval} className="wide">
                  <PeopleLink side={side} filter={{ metric: one.metric }} label={t.whoIs(titled(one))}>
                    <Forest
                      value={one.difference}
                      interval={asInterval(one.interval)}
                      widest={widest(effects.filter((other) => other.metric === one.metric))}
                      label={`${titled(one)}, ${words(one.level)}: ${levels.change(one.metric, one.difference)}${levels.unit(one.metric)}`}
                    />
                  </PeopleLink>
                </td>
                <td className="right" data-label={text.results.difference}>
                  <Change one={one} levels={levels} />
                </td>
                <td className="right" data-label={text.results.adjusted}>
                  {pValue(one.p_adjusted)}
                </td>
                <td data-label={text.results.grade}>
                  <Grade evidence={one.evidence} />
                </td>
                <td data-label={text.results.finding}>
                  <Finding one={one} levels={levels} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="fine">{t.note(factors.map(words).join(", "))}</p>
    </Panel>
  );
}
