// Who was simulated: the population as it was asked for and drawn, and what of its words drew nobody.

import { Link } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { isGuest } from "../../api/visit";
import { Icon } from "../../components/icons";
import { Panel } from "../../components/parts";
import { words } from "../../format/format";
import { text } from "../../text/text";

type People = NonNullable<Schema["AggregateView"]["population"]>;

export function Who({ people, id }: { people: People; id: string }) {
  const t = text.populations.who;
  const lines = [
    people.made,
    people.described_as ? t.described(people.described_as) : null,
    people.eligible.length ? t.eligible(people.eligible.join("; ")) : null,
    people.margins.length ? t.margins(people.margins.join("; ")) : null,
    people.weights,
  ].filter((line) => line !== null);
  return (
    <Panel title={t.title}>
      <p>
        {isGuest ? (
          <strong>{people.name}</strong>
        ) : (
          <Link to="/populations/$id" params={{ id }}>
            {people.name}
          </Link>
        )}{" "}
        · {text.populations.size(people.size)}
      </p>
      {people.segments.flatMap((segment) =>
        (segment.not_understood ?? []).map((part) => (
          <p key={`${segment.name} ${part}`} className="fine failed">
            <Icon name="warning" size={13} /> <strong>{words(segment.name)}</strong> {text.design.notUnderstood(part)}
          </p>
        )),
      )}
      {lines.map((line) => (
        <p key={line} className="fine">
          {line}
        </p>
      ))}
      {people.segments.length ? (
        <ul className="fine">
          {people.segments.map((segment) => (
            <li key={segment.name}>{t.segment(words(segment.name), segment.size, segment.particularities ?? "")}</li>
          ))}
          {people.rest ? <li>{t.segment(text.populations.rest, people.rest, "")}</li> : null}
        </ul>
      ) : null}
    </Panel>
  );
}
