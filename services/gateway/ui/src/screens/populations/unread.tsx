// What of the particularities was not understood: nobody was drawn by it, whatever a segment is called.

import { useQuery } from "@tanstack/react-query";
import { population } from "../../api/placeQueries";
import { Icon } from "../../components/icons";
import { Panel } from "../../components/parts";
import { words } from "../../format/format";
import { text } from "../../text/text";

type Segments = { name: string; not_understood: string[] | null }[];

/** Of a population, as it says itself. */
export function Unread({ id }: { id: string }) {
  const told = useQuery(population(id));
  return told.data ? <UnreadOf segments={told.data.segments} /> : null;
}

export function UnreadOf({ segments }: { segments: Segments }) {
  const unread = segments.flatMap((segment) =>
    (segment.not_understood ?? []).map((part) => ({ segment: segment.name, part })),
  );
  if (!unread.length) return null;
  return (
    <Panel title={text.populations.unread}>
      {unread.map(({ segment, part }) => (
        <p key={`${segment} ${part}`} className="fine failed">
          <Icon name="warning" size={13} /> <strong>{words(segment)}</strong> {text.design.notUnderstood(part)}
        </p>
      ))}
    </Panel>
  );
}
