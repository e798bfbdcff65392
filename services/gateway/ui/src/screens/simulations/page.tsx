// The list of simulations. Live events only say that something changed; what is shown is always the list itself.

import { Button, TextInput, VisuallyHidden } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { Schema } from "../../api/client";
import { type SimulationState, simulations } from "../../api/queries";
import { Loading } from "../../app/loading";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { EmptyState, LiveDot, PageHead, ProblemNotice } from "../../components/parts";
import { words } from "../../format/format";
import { type Connection, follow } from "../../live/stream";
import { text } from "../../text/text";
import { FirstRun, SampleButton } from "./firstRun";
import { SimulationRow } from "./row";
import "./simulations.css";

const route = getRouteApi("/");
const STATES = Object.keys(text.states) as SimulationState[];
const REFRESH_MS = 1_000;

export function SimulationsPage() {
  const { state, q } = route.useSearch();
  const chosen = STATES.find((one) => one === state);
  const list = useInfiniteQuery(simulations(chosen));
  const connection = useListStream();
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const shown = items.filter((item) => matches(item, q));
  const isFirst = list.isSuccess && items.length === 0 && !chosen;
  return (
    <>
      <PageHead
        title={text.simulations.title}
        lead={text.simulations.lead}
        actions={
          <>
            <LiveDot connection={connection} />
            {isFirst ? null : <SampleButton variant="default" />}
          </>
        }
      />
      <Announcer items={items} />
      <ProblemNotice error={list.error} retry={() => void list.refetch()} />
      {list.isPending ? <Loading /> : null}
      {isFirst ? <FirstRun /> : null}
      {list.isSuccess && !isFirst ? <Filters count={shown.length} /> : null}
      {list.isSuccess && !isFirst && shown.length === 0 ? <NoMatch /> : null}
      <ul className="simulation-list" aria-busy={list.isPending}>
        {shown.map((item) => (
          <SimulationRow key={item.simulation_id} item={item} />
        ))}
      </ul>
      {list.hasNextPage ? (
        <Button variant="default" mt="md" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {text.simulations.more}
        </Button>
      ) : null}
    </>
  );
}

function matches(item: Schema["SimulationView"], q: string | undefined): boolean {
  const wanted = (q ?? "").trim().toLowerCase();
  return !wanted || [item.name, item.simulation_id, item.model].some((value) => value.toLowerCase().includes(wanted));
}

function Filters({ count }: { count: number }) {
  const { state, q } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <form className="filters" onSubmit={(event) => event.preventDefault()}>
      <TextInput
        label={text.simulations.search}
        placeholder={text.simulations.searchHint}
        leftSection={<Icon name="search" size={16} />}
        value={q ?? ""}
        onChange={(event) => void navigate({ search: { state, q: event.currentTarget.value }, replace: true })}
      />
      <Choice
        label={text.simulations.state}
        none={text.simulations.any}
        options={STATES.map((value) => ({ value, label: text.states[value] ?? value }))}
        value={state}
        choose={(value) => void navigate({ search: { q, state: value } })}
      />
      <span className="shrink counts">{text.simulations.shown(count)}</span>
    </form>
  );
}

function NoMatch() {
  const navigate = route.useNavigate();
  return (
    <EmptyState
      title={text.simulations.noMatch}
      action={
        <Button variant="default" onClick={() => void navigate({ search: {} })}>
          {text.simulations.clear}
        </Button>
      }
    >
      {null}
    </EmptyState>
  );
}

/** Follows all simulations; reads the list again at most once a second. */
function useListStream(): Connection {
  const client = useQueryClient();
  const [connection, setConnection] = useState<Connection>("connecting");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void client.invalidateQueries({ queryKey: ["simulations"] });
      }, REFRESH_MS);
    };
    const stop = follow("/stream", {
      onEvents: refresh,
      onConnection: (now) => {
        setConnection(now);
        if (now === "live") refresh();
      },
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [client]);
  return connection;
}

/** Says changes of state to people who do not see them. */
function Announcer({ items }: { items: Schema["SimulationView"][] }) {
  const before = useRef(new Map<string, string>());
  const [said, say] = useState("");
  useEffect(() => {
    const changes: string[] = [];
    for (const item of items) {
      const was = before.current.get(item.simulation_id);
      if (was !== undefined && was !== item.state) changes.push(text.simulations.changed(item.name, words(item.state)));
      before.current.set(item.simulation_id, item.state);
    }
    if (changes.length) say(changes.join(". "));
  }, [items]);
  return <VisuallyHidden aria-live="polite">{said}</VisuallyHidden>;
}
