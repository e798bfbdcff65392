// Who was simulated: the population as it was asked for and drawn.

import { Link } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { isGuest } from "../../api/visit";
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
          <Link to="/populations/$id" params={{ id }} className="plain-link">
            {people.name}
          </Link>
        )}{" "}
        · {text.populations.size(people.size)}
      </p>
      {lines.map((line) => (
        <p key={line} className="fine">
          {line}
        </p>
      ))}
      {people.segments.map((segment) => (
        <p key={segment.name} className="fine">
          {t.segment(words(segment.name), segment.size, segment.particularities ?? "")}
        </p>
      ))}
      {people.segments.length && people.rest ? (
        <p className="fine">{t.segment(text.populations.rest, people.rest, "")}</p>
      ) : null}
    </Panel>
  );
}
