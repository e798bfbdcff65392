// Messages about this simulation that were given up: each names who failed to handle it, and why.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { deadLetters } from "../../api/eventQueries";
import { text } from "../../text/text";

export function DeadLetters({ id }: { id: string }) {
  const found = useQuery(deadLetters(id)).data;
  if (!found?.is_readable) return null;
  const { items } = found;
  if (!items.length) return <p className="fine">{text.monitor.noDead}</p>;
  return (
    <>
      <p className="failed">{text.monitor.dead(items.length)}</p>
      <ul className="failures">
        {items.map((one) => (
          <li key={one.sequence}>
            <span>
              <Link to="/events" search={{ message: one.message }} className="plain-link">
                {one.message}
              </Link>{" "}
              <span className="fine">{one.error}</span>
            </span>
            <span className="counts">{one.consumer}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
