// Each arm by itself: the estimate of every metric with its interval.

import type { Schema } from "../../api/client";
import { Panel, Swatch } from "../../components/parts";
import { words } from "../../format/format";
import { text } from "../../text/text";
import { asInterval, type Levels, titled } from "./levels";

type Estimate = Pick<Schema["ResultsEstimate"], "metric" | "option" | "arm" | "n" | "value" | "interval">;

export function EstimatesTable(props: {
  estimates: Estimate[];
  levels: Levels;
  armPlace: (arm: string) => number;
  label: string;
}) {
  const { estimates, levels } = props;
  const arms = [...new Set(estimates.map((one) => one.arm))];
  const rows = [...new Map(estimates.map((one) => [titled(one), one])).entries()];
  const most = (arm: string) => Math.max(...estimates.filter((one) => one.arm === arm).map((one) => one.n));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable with the keyboard
    <section className="table-scroll" tabIndex={0} aria-label={props.label}>
      <table className="data-table">
        <thead>
          <tr>
            <th scope="col">{text.results.metric}</th>
            {arms.map((arm) => (
              <th scope="col" className="right" key={arm}>
                <Swatch arm={props.armPlace(arm)} /> {words(arm)}
                <span className="under">{text.results.n(most(arm))}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, row]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {arms.map((arm) => {
                const one = estimates.find((other) => titled(other) === name && other.arm === arm);
                const interval = asInterval(one?.interval);
                const level = (value: number) => levels.level(row.metric, value);
                return (
                  <td className="right" key={arm}>
                    {levels.level(row.metric, one?.value)}
                    {interval ? (
                      <span className="under">{`${level(interval[0])} to ${level(interval[1])}`}</span>
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

export function Estimates(props: {
  estimates: Schema["ResultsEstimate"][];
  levels: Levels;
  armPlace: (arm: string) => number;
}) {
  if (!props.estimates.length) return null;
  return (
    <Panel title={text.results.estimates}>
      <EstimatesTable {...props} label={text.results.estimates} />
    </Panel>
  );
}
