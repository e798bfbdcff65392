// Stages that need each other: how many got how far, by arm, and where one arm loses more than the other.

import type { Schema } from "../../api/client";
import { Panel } from "../../components/parts";
import { count, percent, signed, title, words } from "../../format/format";
import { text } from "../../text/text";
import { PeopleLink, type SideOf } from "./sides";

interface Props {
  stages: Schema["FunnelStage"][];
  contrasts: Schema["StageContrast"][];
  side: SideOf;
}

export function Funnel({ stages, contrasts, side }: Props) {
  const metrics = [...new Set(stages.map((one) => one.metric))];
  if (!metrics.length) return null;
  return (
    <Panel title={text.results.funnel}>
      {metrics.map((metric) => (
        <section key={metric} aria-label={`${text.results.funnel}: ${title(metric)}`}>
          <h3 className="subhead">{title(metric)}</h3>
          {stages
            .filter((one) => one.metric === metric)
            .map((one) => (
              <PeopleLink
                key={one.arm}
                side={side(one.arm)}
                filter={{ metric, answer: "yes" }}
                className={`bin arm-${side(one.arm).place % 6}`}
              >
                <span>{words(one.arm)}</span>
                <span className="share-track">
                  <span style={{ width: `${(one.share_of_all ?? 0) * 100}%` }} />
                </span>
                <span className="counts">{text.results.passed(one.passed, one.reached)}</span>
              </PeopleLink>
            ))}
          {contrasts
            .filter((one) => one.metric === metric && one.of_reached != null)
            .map((one) => (
              <p className="fine" key={one.arm}>
                {text.results.stage(words(one.arm), points(one.of_reached), interval(one.of_reached_interval))}
              </p>
            ))}
        </section>
      ))}
      <p className="fine">{text.results.funnelNote(count(stages[0]?.reached))}</p>
    </Panel>
  );
}

const points = (value: number | null) => (value === null ? "–" : signed(value, percent(value)));
const interval = (ends: number[] | null) => (ends ? ends.map((end) => points(end)).join(" to ") : "–");
