// Everybody who answered, with filters that stand in the address. Thousands of rows, of which only those in view are drawn.

import { Button, Pill, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import type { Schema } from "../../api/client";
import { aggregate, individuals } from "../../api/queries";
import { Loading } from "../../app/loading";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { EmptyState, ProblemNotice } from "../../components/parts";
import { clock, words } from "../../format/format";
import { text } from "../../text/text";
import { AgentDrawer } from "./agentDrawer";
import { isWanted, type Person } from "./answers";
import { PeopleTable } from "./table";

const route = getRouteApi("/simulations/$id");
type Filter = Partial<ReturnType<typeof route.useSearch>>;
const NO_FILTER: Filter = {
  q: undefined,
  arm: undefined,
  segment: undefined,
  metric: undefined,
  answer: undefined,
  tone: undefined,
  theme: undefined,
  trait: undefined,
  value: undefined,
  step: undefined,
  failure: undefined,
  agents: undefined,
  since: undefined,
  until: undefined,
};

export function Explorer({ status }: { status: Schema["SimulationView"] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const isRest = search.segment === text.results.rest;
  const segment = isRest ? undefined : search.segment;
  const people = useInfiniteQuery(individuals(status.simulation_id, { arm: search.arm, segment }));
  const agents = useThemed(status.simulation_id, search.theme);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = people;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const all = useMemo(() => people.data?.pages.flatMap((page) => page.items) ?? [], [people.data]);
  const shown = useMemo(
    () => all.filter((one) => isWanted(one, search, agents) && (!isRest || !one.segment)),
    [all, search, agents, isRest],
  );
  if (people.isPending) return <Loading />;
  const isUnfiltered = !Object.keys(NO_FILTER).some((name) => search[name as keyof typeof search]);
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
          metric={search.metric}
          trait={search.trait}
          open={(agent) => void navigate({ search: { ...search, agent }, resetScroll: false })}
        />
      ) : (
        <EmptyState title={isUnfiltered ? text.people.noneYet : text.people.none}>{null}</EmptyState>
      )}
      <AgentDrawer
        simulationId={status.simulation_id}
        populationId={status.population_id}
        agentId={search.agent}
        close={() => void navigate({ search: { ...search, agent: undefined }, resetScroll: false })}
      />
    </>
  );
}

/** The agents behind a theme, named `field:label`; null when there is none to filter by. */
function useThemed(id: string, theme: string | undefined): ReadonlySet<string> | null {
  const results = useQuery({ ...aggregate(id), enabled: theme !== undefined });
  return useMemo(() => {
    if (theme === undefined) return null;
    const found = results.data?.aggregate_results.themes.flatMap((one) =>
      one.themes.filter((named) => `${one.field}:${named.label}` === theme),
    );
    return new Set(found?.flatMap((one) => one.agents) ?? []);
  }, [results.data, theme]);
}

function Filters({ all, arms }: { all: Person[]; arms: string[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: Filter) =>
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
      {chosen(search).map(([label, cleared]) => (
        <span className="shrink" key={label}>
          <Pill
            size="lg"
            withRemoveButton
            onRemove={() => set(cleared)}
            removeButtonProps={{ "aria-label": text.people.remove(label), "aria-hidden": false, tabIndex: 0 }}
          >
            {label}
          </Pill>
        </span>
      ))}
      {Object.keys(NO_FILTER).some((name) => search[name as keyof typeof search]) ? (
        <Button className="shrink" variant="subtle" onClick={() => set(NO_FILTER)}>
          {text.simulations.clear}
        </Button>
      ) : null}
    </form>
  );
}

/** The filters that a mark of the results set, in words, and what removes each. */
function chosen(search: Filter): [string, Filter][] {
  const { filters } = text.people;
  const found: [string | undefined, Filter][] = [
    [search.metric && search.answer && filters.answer(words(search.metric), search.answer), { answer: undefined }],
    [search.tone && filters.tone(search.tone), { tone: undefined }],
    [search.theme && filters.theme(search.theme.split(":").slice(1).join(":")), { theme: undefined }],
    [
      search.trait && search.value && filters.trait(words(search.trait), search.value),
      { trait: undefined, value: undefined },
    ],
    [search.step && filters.step(words(search.step)), { step: undefined }],
    [search.failure, { failure: undefined }],
    [search.agents && filters.agents(search.agents.replace("-", "–")), { agents: undefined }],
    [
      search.since && search.until && filters.between(clock(search.since), clock(search.until)),
      { since: undefined, until: undefined },
    ],
  ];
  return found.filter((one): one is [string, Filter] => !!one[0]);
}
