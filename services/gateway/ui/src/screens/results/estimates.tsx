// Each arm by itself: the estimate of every metric with its interval.

import type { Schema } from "../../api/client";
import { Panel } from "../../components/parts";
import { number, words } from "../../format/format";
import { text } from "../../text/text";
import { asInterval, type Levels, titled } from "./levels";
import { ArmName, PeopleLink, type SideOf } from "./sides";

type Estimate = Pick<
  Schema["ResultsEstimate"],
  "metric" | "option" | "arm" | "n" | "value" | "interval" | "measure"
> & {
  about_people?: Schema["ResultsEstimate"]["about_people"];
  scale?: Schema["ResultsEstimate"]["scale"];
};

/** How many of an arm answered, of how many. */
type Heads = Pick<Schema["SampleRatioCheck"], "planned" | "completed">;

interface Props {
  estimates: Estimate[];
  heads: Heads;
  levels: Levels;
  side: SideOf;
}

export function EstimatesTable(props: Props & { label: string }) {
  const { estimates, heads, levels } = props;
  const arms = [...new Set(estimates.map((one) => one.arm))];
  const rows = [...new Map(estimates.map((one) => [titled(one), one])).entries()];
  const answered = (arm: string, n = heads.completed[arm] ?? 0) => text.results.answered(n, heads.planned[arm] ?? n);
  const isWhole = (arm: string) => heads.completed[arm] === heads.planned[arm];
  const nameOf = (arm: string) => props.side(arm).name ?? words(arm);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable with the keyboard
    <section className="table-scroll" tabIndex={0} aria-label={props.label}>
      <table className="data-table stacking">
        <thead>
          <tr>
            <th scope="col">{text.results.metric}</th>
            {arms.map((arm) => (
              <th scope="col" className="right" key={arm}>
                <ArmName side={props.side(arm)} />
                <span className="under">{answered(arm)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, row]) => (
            <tr key={name}>
              <th scope="row">
                {name}
                {row.scale ? (
                  <span className="under">{text.results.scale(number(row.scale[0]), number(row.scale[1]))}</span>
                ) : null}
              </th>
              {arms.map((arm) => {
                const one = estimates.find((other) => titled(other) === name && other.arm === arm);
                const interval = asInterval(one?.interval);
                const level = (value: number) => levels.level(row.metric, value);
                return (
                  <td
                    className="right"
                    key={arm}
                    data-label={nameOf(arm) + (isWhole(arm) ? "" : ` · ${answered(arm)}`)}
                  >
                    {one ? (
                      <PeopleLink
                        side={props.side(arm)}
                        filter={behind(one)}
                        besides={text.results.whoIs(name, nameOf(arm))}
                      >
                        {levels.level(row.metric, one.value)}
                      </PeopleLink>
                    ) : (
                      "–"
                    )}
                    {interval ? (
                      <span className="under">{text.interval(level(interval[0]), level(interval[1]))}</span>
                    ) : null}
                    {one && one.n !== heads.completed[arm] ? (
                      <span className="under">{answered(arm, one.n)}</span>
                    ) : null}
                    {one?.about_people ? (
                      <span className="under">
                        {text.results.aboutPeople(
                          level(one.about_people.value),
                          level(one.about_people.interval[0]),
                          level(one.about_people.interval[1]),
                        )}
                      </span>
                    ) : null}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Who is behind a share: those who said so; behind a mean: everybody who answered. */
const behind = (one: Estimate) => ({
  metric: one.metric,
  answer: one.measure === "proportion" ? (one.option ?? "yes") : undefined,
});

export function Estimates(props: Props) {
  if (!props.estimates.length) return null;
  return (
    <Panel title={text.results.estimates}>
      <EstimatesTable {...props} label={text.results.estimates} />
    </Panel>
  );
}
