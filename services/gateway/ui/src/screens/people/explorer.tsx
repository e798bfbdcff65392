// Everybody who answered, with filters that stand in the address. Thousands of rows, of which only those in view are drawn.

import { Button, Pill, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import type { Schema } from "../../api/client";
import { individuals } from "../../api/queries";
import { Loading } from "../../app/loading";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { EmptyState, ProblemNotice } from "../../components/parts";
import { words } from "../../format/format";
import { text } from "../../text/text";
import { AgentDrawer } from "./agentDrawer";
import { isInBin } from "./answers";
import { PeopleTable } from "./table";

const route = getRouteApi("/simulations/$id");
type Person = Schema["ResultsIndividualResult"];

export function Explorer({ status }: { status: Schema["SimulationView"] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const people = useInfiniteQuery(individuals(status.simulation_id, { arm: search.arm, segment: search.segment }));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = people;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const all = useMemo(() => people.data?.pages.flatMap((page) => page.items) ?? [], [people.data]);
  const shown = useMemo(() => all.filter((one) => isWanted(one, search)), [all, search]);
  if (people.isPending) return <Loading />;
  const isUnfiltered = !search.arm && !search.segment && !search.q && !search.answer;
  return (
    <>
      <ProblemNotice error={people.error} retry={() => void people.refetch()} />
      <Filters all={all} arms={Object.keys(status.progress.by_arm)} />
      <p className="counts" role="status">
        {text.people.shown(shown.length, all.length)}
        {hasNextPage ? ` · ${text.people.loading}` : ""}
      </p>
      {shown.length ? (
        <PeopleTable
          people={shown}
          open={(agent) => void navigate({ search: { ...search, agent }, resetScroll: false })}
        />
      ) : (
        <EmptyState title={isUnfiltered ? text.people.noneYet : text.people.none}>{null}</EmptyState>
      )}
      <AgentDrawer
        simulationId={status.simulation_id}
        agentId={search.agent}
        close={() => void navigate({ search: { ...search, agent: undefined }, resetScroll: false })}
      />
    </>
  );
}

interface Wanted {
  q?: string | undefined;
  metric?: string | undefined;
  answer?: string | undefined;
}

function isWanted(one: Person, { q, metric, answer }: Wanted): boolean {
  if (metric && answer && !isInBin(one.answers[metric], answer)) return false;
  const wanted = (q ?? "").trim().toLowerCase();
  return !wanted || one.name.toLowerCase().includes(wanted) || (one.response ?? "").toLowerCase().includes(wanted);
}

function Filters({ all, arms }: { all: Person[]; arms: string[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: { ...search, ...change, tab: "people" }, replace: true, resetScroll: false });
  const segments = [...new Set(all.map((one) => one.segment).filter((one): one is string => !!one))].sort();
  const options = (names: string[], chosen: string | undefined) =>
    [...new Set(chosen ? [...names, chosen] : names)].map((value) => ({ value, label: words(value) }));
  return (
    <form className="filters" onSubmit={(event) => event.preventDefault()}>
      <TextInput
        label={text.people.search}
        placeholder={text.people.searchHint}
        leftSection={<Icon name="search" size={16} />}
        value={search.q ?? ""}
        onChange={(event) => set({ q: event.currentTarget.value || undefined })}
      />
      {arms.length > 1 ? (
        <Choice
          label={text.people.arm}
          none={text.people.all}
          options={options(arms, search.arm)}
          value={search.arm}
          choose={(arm) => set({ arm })}
        />
      ) : null}
      <Choice
        label={text.people.segment}
        none={text.people.all}
        options={options(segments, search.segment)}
        value={search.segment}
        choose={(segment) => set({ segment })}
      />
      {search.metric && search.answer ? (
        <span className="shrink">
          <Pill
            size="lg"
            withRemoveButton
            onRemove={() => set({ metric: undefined, answer: undefined })}
            removeButtonProps={{
              "aria-label": text.people.remove(words(search.metric)),
              "aria-hidden": false,
              tabIndex: 0,
            }}
          >{`${words(search.metric)}: ${search.answer}`}</Pill>
        </span>
      ) : null}
      {search.q || search.arm || search.segment || search.answer ? (
        <Button
          className="shrink"
          variant="subtle"
          onClick={() =>
            set({ q: undefined, arm: undefined, segment: undefined, metric: undefined, answer: undefined })
          }
        >
          {text.simulations.clear}
        </Button>
      ) : null}
    </form>
  );
}
