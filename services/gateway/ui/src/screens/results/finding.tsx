// What was found, in words first: the colour says whether that is good, and nothing where nobody has said which way is.

import { words } from "../../format/format";
import { text } from "../../text/text";
import { isClear, type Levels } from "./levels";

export function Finding({ one, levels }: { one: Parameters<Levels["sense"]>[0]; levels: Levels }) {
  const sense = levels.sense(one);
  return (
    <span className={`finding finding-${sense ?? (isClear(one) ? "clear" : "unclear")}`}>
      {text.results.findings[one.finding] ?? words(one.finding)}
      {sense ? <span className="under">{text.results.senses[sense]}</span> : null}
    </span>
  );
}
