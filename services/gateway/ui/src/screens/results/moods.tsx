// How what was said is meant, by arm: from the responses themselves, as stated by the model.

import type { Schema } from "../../api/client";
import { Panel, Swatch } from "../../components/parts";
import { count, number, words } from "../../format/format";
import { text } from "../../text/text";
import { asInterval } from "./levels";

const TONES = ["negative", "neutral", "positive", "unstated"] as const;

export function Moods({ moods, armPlace }: { moods: Schema["Mood"][]; armPlace: (arm: string) => number }) {
  if (!moods.length) return null;
  return (
    <Panel title={text.results.mood}>
      {moods.map((mood) => {
        const all = Math.max(
          1,
          TONES.reduce((sum, tone) => sum + mood[tone], 0),
        );
        const interval = asInterval(mood.sentiment.interval);
        return (
          <section key={mood.arm}>
            <h3 className="subhead">
              <Swatch arm={armPlace(mood.arm)} /> {words(mood.arm)}{" "}
              <span className="counts">
                {number(mood.sentiment.value)}
                {interval ? ` (${number(interval[0])} to ${number(interval[1])})` : ""}
              </span>
            </h3>
            <div className="tones" aria-hidden="true">
              {TONES.map((tone) => (
                <span key={tone} className={`tone-${tone}`} style={{ width: `${(mood[tone] / all) * 100}%` }} />
              ))}
            </div>
            <ul className="legend">
              {TONES.filter((tone) => mood[tone]).map((tone) => (
                <li key={tone}>
                  <span className={`swatch tone-${tone}`} aria-hidden="true" />
                  {text.results.tones[tone]} <strong>{count(mood[tone])}</strong>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </Panel>
  );
}
