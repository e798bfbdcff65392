// How what was said is meant, by arm: from the responses themselves, as stated by the model.

import type { Schema } from "../../api/client";
import { Panel } from "../../components/parts";
import { count, fixed, words } from "../../format/format";
import { text } from "../../text/text";
import { asInterval } from "./levels";
import { ArmName, PeopleLink, type SideOf } from "./sides";

const TONES = ["negative", "neutral", "positive", "unstated"] as const;

export function Moods({ moods, side }: { moods: Schema["Mood"][]; side: SideOf }) {
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
              <ArmName side={side(mood.arm)} />{" "}
              <span className="counts">
                {fixed(mood.sentiment.value)}
                {interval ? ` (${text.interval(fixed(interval[0]), fixed(interval[1]))})` : ""}
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
                  <PeopleLink side={side(mood.arm)} filter={{ tone }} besides={text.results.toneOf(words(mood.arm))}>
                    <span className={`swatch tone-${tone}`} aria-hidden="true" /> {text.results.tones[tone]}{" "}
                    <strong>{count(mood[tone])}</strong>
                  </PeopleLink>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </Panel>
  );
}
