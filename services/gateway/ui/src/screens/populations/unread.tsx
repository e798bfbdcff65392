// What of the particularities was not understood: nobody was drawn by it, whatever a segment is called.

import { useQuery } from "@tanstack/react-query";
import { population } from "../../api/placeQueries";
import { Icon } from "../../components/icons";
import { Panel } from "../../components/parts";
import { words } from "../../format/format";
import { text } from "../../text/text";

export function Unread({ id }: { id: string }) {
  const told = useQuery(population(id));
  const unread = told.data?.segments.flatMap((segment) =>
    segment.not_understood.map((part) => ({ segment: segment.name, part })),
  );
  if (!unread?.length) return null;
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
