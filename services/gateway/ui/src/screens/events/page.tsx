// Events as they are published, for whoever builds on them: what they say, where, and by which schema.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { deadLetters, eventTypes } from "../../api/eventQueries";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { Ago, EmptyState, LiveDot, PageHead, Panel, ProblemNotice } from "../../components/parts";
import { count, when } from "../../format/format";
import { type Connection, follow } from "../../live/stream";
import { text } from "../../text/text";
import "../../app/moreStyles";
import "../populations/populations.css";
import "./events.css";

const route = getRouteApi("/events");
const KEPT = 200;

interface Tailed {
  place: number;
  at: number;
  message: string;
  type: string;
  key: string;
  bytes: number;
  data: unknown;
}

export function EventsPage() {
  const { message } = route.useSearch();
  const navigate = route.useNavigate();
  const types = useQuery(eventTypes);
  const [isHeld, hold] = useState(false);
  const { events, connection } = useTail(message, isHeld);
  const chosen = types.data?.items.find((one) => one.message === message);
  return (
    <>
      <PageHead
        above={
          <Link to="/api" className="crumb">
            {text.api.title}
          </Link>
        }
        title={text.events.title}
        lead={text.events.lead}
        actions={
          <>
            <LiveDot connection={connection} paused={isHeld} />
            <Button
              variant="default"
              aria-pressed={isHeld}
              leftSection={<Icon name={isHeld ? "play" : "pause"} size={15} />}
              onClick={() => hold(!isHeld)}
            >
              {isHeld ? text.monitor.resumeUpdates : text.monitor.pauseUpdates}
            </Button>
          </>
        }
      />
      <ProblemNotice error={types.error} />
      <form className="filters wide" onSubmit={(event) => event.preventDefault()}>
        <Choice
          label={text.events.message}
          none={text.events.all}
          options={(types.data?.items ?? []).map((one) => ({ value: one.message, label: one.message }))}
          value={message}
          choose={(name) => void navigate({ search: { message: name }, replace: true })}
        />
      </form>
      {chosen ? (
        <Panel title={chosen.message} aside={<code>{chosen.subject}</code>}>
          <p>{chosen.about}</p>
          <details>
            <summary>{text.events.schema}</summary>
            <Code value={chosen.data_schema} />
          </details>
        </Panel>
      ) : null}
      {events.length ? (
        <Panel title={text.events.latest}>
          <ol className="tail">
            {events.map((one) => (
              <Line key={one.place} one={one} />
            ))}
          </ol>
        </Panel>
      ) : (
        <EmptyState title={text.events.empty}>{text.events.emptyText}</EmptyState>
      )}
      <Dead />
    </>
  );
}

function Line({ one }: { one: Tailed }) {
  return (
    <li>
      <details>
        <summary>
          <code>{one.type}</code> <span className="id">{one.key}</span>{" "}
          <span className="fine">{`${when(new Date(one.at).toISOString())} · ${text.events.bytes(one.bytes)}`}</span>
        </summary>
        {one.data === null ? <p className="muted">{text.events.tooLarge}</p> : <Code value={one.data} />}
      </details>
    </li>
  );
}

function Code({ value }: { value: unknown }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a block that scrolls must be reachable with the keyboard
    <pre className="code-block" tabIndex={0}>
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}

function Dead() {
  const found = useQuery(deadLetters());
  return (
    <Panel title={text.events.dead}>
      <ProblemNotice error={found.error} />
      {found.data && !found.data.items.length ? <p className="muted">{text.events.deadNone}</p> : null}
      <ul className="issues-list">
        {found.data?.items.map((one) => (
          <li key={one.sequence}>
            <span>
              <code>{one.subject}</code>
              <span className="fine">{` ${one.consumer}: ${one.error}`}</span>
            </span>
            <span className="counts">{one.failed_at ? <Ago at={one.failed_at} /> : count(one.deliveries)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** The latest events; while they are held what arrives is kept back. */
function useTail(message: string | undefined, isHeld: boolean): { events: Tailed[]; connection: Connection } {
  const [events, show] = useState<Tailed[]>([]);
  const [connection, setConnection] = useState<Connection>("connecting");
  const kept = useRef<Tailed[]>([]);
  const held = useRef(isHeld);
  held.current = isHeld;
  useEffect(() => {
    if (!isHeld) show(kept.current);
  }, [isHeld]);
  useEffect(() => {
    let place = 0;
    kept.current = [];
    show([]);
    const query = message ? `?message=${encodeURIComponent(message)}` : "";
    return follow(`/events/stream${query}`, {
      onConnection: setConnection,
      onEvents: (arrived) => {
        const more = arrived.map(({ data }) => {
          place += 1;
          return { ...(data as Tailed), place, at: Date.now() };
        });
        kept.current = [...more.reverse(), ...kept.current].slice(0, KEPT);
        if (!held.current) show(kept.current);
      },
    });
  }, [message]);
  return { events, connection };
}
