// What the answers are about, coded twice: as a cloud to look at and as a list to read. Every theme leads to who said it.

import type { Schema } from "../../api/client";
import { Panel } from "../../components/parts";
import { count, number, percent, words } from "../../format/format";
import { text } from "../../text/text";
import { PeopleLink, type SideOf } from "./sides";

const [LEAST_REM, MOST_REM] = [0.95, 2.1];

export function Themes({ themes, side }: { themes: Schema["Themes"]; side: SideOf }) {
  const most = Math.max(1, ...themes.themes.map((one) => one.n));
  const arms = [...new Set(themes.themes.flatMap((one) => Object.keys(one.by_arm)))];
  const size = (n: number) => `${LEAST_REM + (MOST_REM - LEAST_REM) * Math.sqrt(n / most)}rem`;
  const key = (one: Schema["Theme"]) => `${themes.field}:${one.label}`;
  return (
    <Panel
      title={text.results.themes(words(themes.field))}
      aside={<span className="fine">{text.results.coder(themes.coder, themes.n, themes.of)}</span>}
    >
      <div className="cloud" aria-hidden="true">
        {themes.themes.flatMap((one) =>
          one.label.split(", ").map((word) => (
            <PeopleLink
              key={`${one.label} ${word}`}
              side={side("all")}
              filter={{ theme: key(one) }}
              className={`arm-${side(leaning(one)).place % 6}`}
              size={size(one.n)}
              isSilent
            >
              {word}
            </PeopleLink>
          )),
        )}
      </div>
      <ul className="plain">
        {themes.themes.map((one) => (
          <li key={one.label}>
            <PeopleLink side={side("all")} filter={{ theme: key(one) }} className="bin theme">
              <strong>{one.label}</strong>
              <span className="share-track stacked">
                {arms.map((arm) => (
                  <span
                    key={arm}
                    className={`arm-${side(arm).place % 6}`}
                    style={{ width: `${((one.by_arm[arm] ?? 0) / themes.n) * 100}%` }}
                  />
                ))}
              </span>
              <span className="counts">
                {`${percent(one.share, 0)} · ${arms.map((arm) => `${words(arm)} ${count(one.by_arm[arm])}`).join(" · ")}`}
              </span>
            </PeopleLink>
          </li>
        ))}
      </ul>
      <p className="fine">
        {text.results.themesNote} {text.results.agreement(number(themes.agreement.value))} {themes.note}
      </p>
    </Panel>
  );
}

/** The arm that has most of a theme. */
const leaning = (one: Schema["Theme"]): string =>
  Object.entries(one.by_arm).sort((a, b) => b[1] - a[1])[0]?.[0] ?? "all";
