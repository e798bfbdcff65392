// What every table of differences has: how large one is, what it is worth, and what was found.

import type { Schema } from "../../api/client";
import { number } from "../../format/format";
import { text } from "../../text/text";
import { asInterval, isClear, type Levels } from "./levels";

interface Measured {
  metric: string;
  difference: number | null;
  interval: readonly number[] | null;
  about_people?: Schema["AboutPeople"] | null;
}

/** A difference with its interval, and what is known of people. */
export function Change({ one, levels }: { one: Measured; levels: Levels }) {
  const interval = asInterval(one.interval);
  const people = asInterval(one.about_people?.interval);
  const change = (value: number) => levels.change(one.metric, value);
  if (one.difference === null) return "–";
  return (
    <>
      {change(one.difference) + levels.unit(one.metric)}
      {interval ? <span className="under">{text.interval(change(interval[0]), change(interval[1]))}</span> : null}
      {one.about_people && people ? (
        <span className="under">
          {text.results.aboutPeople(change(one.about_people.value), change(people[0]), change(people[1]))}
        </span>
      ) : null}
    </>
  );
}

export function Grade({ evidence }: { evidence: Schema["Evidence"] }) {
  return (
    <>
      {evidence.grade}
      <span className="under nowrap">{`${text.results.effectiveN} ${number(evidence.effective_n)}`}</span>
    </>
  );
}

/** In words first: the colour says whether that is good, and nothing where nobody has said which way is. */
export function Finding({ one, levels }: { one: Parameters<Levels["sense"]>[0]; levels: Levels }) {
  const sense = levels.sense(one);
  return (
    <span className={`finding finding-${sense ?? (isClear(one) ? "clear" : "unclear")}`}>
      {levels.found(one)}
      {sense ? <span className="under">{text.results.senses[sense]}</span> : null}
    </span>
  );
}
