// Stages that need each other: how many got how far, by arm.

import type { Schema } from "../../api/client";
import { Panel, Swatch } from "../../components/parts";
import { count, percent, title, words } from "../../format/format";
import { text } from "../../text/text";

export function Funnel({ stages, armPlace }: { stages: Schema["FunnelStage"][]; armPlace: (arm: string) => number }) {
  const metrics = [...new Set(stages.map((one) => one.metric))];
  if (!metrics.length) return null;
  return (
    <Panel title={text.results.funnel}>
      {metrics.map((metric) => (
        <section key={metric}>
          <h3 className="subhead">{title(metric)}</h3>
          {stages
            .filter((one) => one.metric === metric)
            .map((one) => (
              <div key={one.arm} className={`share-row arm-${armPlace(one.arm) % 6}`}>
                <span>
                  <Swatch arm={armPlace(one.arm)} /> {words(one.arm)}
                </span>
                <span className="share-track">
                  <span style={{ width: `${(one.share_of_all ?? 0) * 100}%` }} />
                </span>
                <span className="counts">{`${percent(one.share_of_all, 0)} · ${count(one.passed)} of ${count(one.reached)}`}</span>
              </div>
            ))}
        </section>
      ))}
    </Panel>
  );
}
