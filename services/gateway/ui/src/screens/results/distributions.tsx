// How the answers are spread, by arm. Every bar leads to the people behind it.

import type { Schema } from "../../api/client";
import { Panel } from "../../components/parts";
import { count, percent, words } from "../../format/format";
import { text } from "../../text/text";
import { MetricChoice, useMetric } from "./metricChoice";
import { ArmName, PeopleLink, type Side, type SideOf } from "./sides";

type Distribution = Schema["Distribution"];

interface Props {
  distributions: Distribution[];
  arms: Schema["AggregateResults"]["arms"];
  side: SideOf;
}

export function Distributions({ distributions, arms, side }: Props) {
  const drawn = distributions.filter((one) => one.bins.length);
  const metrics = [...new Set(drawn.map((one) => one.metric))];
  const metric = useMetric(metrics);
  if (!metric) return null;
  return (
    <Panel title={text.results.distributions} aside={<MetricChoice metrics={metrics} metric={metric} />}>
      <div className="columns">
        {drawn
          .filter((one) => one.metric === metric)
          .map((one) => (
            <Bins key={one.arm} one={one} people={arms[one.arm]?.assigned ?? 0} side={side(one.arm)} />
          ))}
      </div>
      <p className="fine">{text.results.distributionsNote}</p>
    </Panel>
  );
}

function Bins({ one, people, side }: { one: Distribution; people: number; side: Side }) {
  const isAskedAgain = one.n + one.missing > people;
  const how = isAskedAgain ? text.results.answers(one.n) : text.results.answered(one.n, people);
  return (
    <section aria-label={`${words(one.metric)}: ${words(one.arm)}`}>
      <h3 className="subhead">
        <ArmName side={side} /> <span className="counts">{how}</span>
      </h3>
      {one.bins.map((bin) => (
        <PeopleLink
          key={bin.label}
          side={side}
          filter={{ metric: one.metric, answer: bin.label }}
          className={`bin arm-${side.place % 6}`}
        >
          <span>{words(bin.label)}</span>
          <span className="share-track">
            <span style={{ width: `${bin.share * 100}%` }} />
          </span>
          <span className="counts">{`${percent(bin.share, 0)} · ${count(bin.count)}`}</span>
        </PeopleLink>
      ))}
    </section>
  );
}
