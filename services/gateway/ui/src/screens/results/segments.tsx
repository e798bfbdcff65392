// One metric, segment by segment on one scale: who answers how, and how sure that is. Each segment says what it is worth.

import { Fragment } from "react";
import type { Schema } from "../../api/client";
import { Panel } from "../../components/parts";
import { number, title, words } from "../../format/format";
import { text } from "../../text/text";
import { asInterval, type Levels, titled } from "./levels";
import { MetricChoice, useMetric } from "./metricChoice";
import { Range, reachOf } from "./range";
import { PeopleLink, type SideOf } from "./sides";

const WHOLE = [0, 1] as const; // of a share
const named = (segment: string | null) => title(segment ?? text.results.rest);

export function Segments(props: { segments: Schema["Segment"][]; levels: Levels; side: SideOf }) {
  const { segments, levels, side } = props;
  const metrics = [...new Set(segments.flatMap((one) => one.estimates.map((estimate) => estimate.metric)))];
  const metric = useMetric(metrics);
  if (segments.length < 2 || !metric) return null;
  const shown = (one: Schema["Segment"]) => one.estimates.filter((estimate) => estimate.metric === metric);
  const isShare = segments.some((one) => shown(one).some((estimate) => estimate.measure === "proportion"));
  const reach = isShare ? WHOLE : reachOf(segments.flatMap(shown));
  return (
    <Panel title={text.results.segments} aside={<MetricChoice metrics={metrics} metric={metric} />}>
      <div className="ranges">
        {segments.map((segment) => (
          <Fragment key={segment.segment}>
            <h3 className="subhead">
              {named(segment.segment)}{" "}
              <span className="counts">
                {`${text.populations.size(segment.n)} · ${text.results.evidence} ${segment.evidence.grade}, ${text.results.effectiveN} ${number(segment.evidence.effective_n)}`}
              </span>
            </h3>
            {shown(segment).map((one) => {
              const interval = asInterval(one.interval);
              const at = side(one.arm);
              const level = (value: number | null | undefined) => levels.level(metric, value);
              return (
                <PeopleLink
                  key={titled(one) + one.arm}
                  side={at}
                  filter={{ segment: segment.segment ?? undefined, metric }}
                  className={`bin range-row arm-${at.place % 6}`}
                >
                  <span>{[one.arm, one.option].filter(Boolean).map(words).join(": ")}</span>
                  <Range value={one.value} interval={interval} reach={reach} />
                  <span className="counts">
                    {`${level(one.value)}${interval ? ` (${text.interval(level(interval[0]), level(interval[1]))})` : ""}`}
                  </span>
                </PeopleLink>
              );
            })}
          </Fragment>
        ))}
      </div>
      <p className="fine">{text.results.segmentsNote(isShare)}</p>
    </Panel>
  );
}
