// The same estimates by segment, each with what it is worth.

import type { Schema } from "../../api/client";
import { Panel } from "../../components/parts";
import { number, title as titled } from "../../format/format";
import { text } from "../../text/text";
import { EstimatesTable } from "./estimates";
import type { Levels } from "./levels";

const title = (segment: string | null) => titled(segment ?? text.results.rest);

export function Segments(props: { segments: Schema["Segment"][]; levels: Levels; armPlace: (arm: string) => number }) {
  if (props.segments.length < 2) return null;
  return (
    <Panel title={text.results.segments}>
      {props.segments.map((one) => (
        <section key={one.segment}>
          <h3 className="subhead">
            {title(one.segment)}{" "}
            <span className="counts">
              {`${text.results.n(one.n)} · ${text.results.evidence} ${one.evidence.grade}, ${text.results.effectiveN} ${number(one.evidence.effective_n)}`}
            </span>
          </h3>
          <EstimatesTable
            estimates={one.estimates}
            levels={props.levels}
            armPlace={props.armPlace}
            label={title(one.segment)}
          />
        </section>
      ))}
    </Panel>
  );
}
