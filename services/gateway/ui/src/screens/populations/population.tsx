// One population: its segments, its people, how well its margins are met, and who asked it.

import { Button, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { margins, peopleOf, population, uses } from "../../api/placeQueries";
import { AsCode, commands, program } from "../../components/asCode";
import { Choice } from "../../components/choice";
import { DataTable, figure } from "../../components/dataTable";
import { Icon } from "../../components/icons";
import { Crumb, Loaded } from "../../components/loaded";
import { Ago, PageHead, Panel, ProblemNotice, StateBadge } from "../../components/parts";
import { percent, title, words } from "../../format/format";
import { text } from "../../text/text";
import { Unread } from "./unread";
import "../../app/moreStyles";
import "../results/results.css";
import "../simulations/simulations.css";
import "./populations.css";

const route = getRouteApi("/populations/$id");
const SHOWN = 8; // traits, the worst first

export function PopulationPage() {
  const { id } = route.useParams();
  return <Loaded told={useQuery(population(id))}>{(one) => <Population id={id} one={one} />}</Loaded>;
}

function Population({ id, one }: { id: string; one: Schema["PopulationView"] }) {
  return (
    <>
      <PageHead
        above={<Crumb to="/populations">{text.populations.title}</Crumb>}
        title={one.name}
        lead={
          <div className="meta">
            <StateBadge state={one.state} />
            <span>{text.populations.size(one.size)}</span>
            <span>{words(one.demographic_base)}</span>
            <span>{text.populations.seed(one.seed)}</span>
            <Ago at={one.created_at} />
            <span className="id">{one.id}</span>
          </div>
        }
        actions={<AsCode forms={formsOf(id)} />}
      />
      <Unread id={id} />
      <People id={id} segments={one.segments.map((segment) => segment.name)} />
      <div className="columns">
        <Margins id={id} />
        <Uses id={id} />
      </div>
    </>
  );
}

/** How else its people are read. */
const formsOf = (id: string): Record<string, string> => ({
  CLI: commands(`people find ${id}`, `people margins ${id}`, `people export ${id} --format csv --out ${id}.csv`),
  curl: `curl '${location.origin}/agent-populations/${id}/individuals?limit=100'`,
  Python: program([`people = await client.individuals("${id}")`, 'print([one["name"] for one in people["items"]])']),
});

function People({ id, segments }: { id: string; segments: string[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const people = useInfiniteQuery(peopleOf(id, { segment: search.segment, name: search.q || undefined }));
  const items = people.data?.pages.flatMap((page) => page.items) ?? [];
  const set = (change: typeof search) =>
    void navigate({ search: { ...search, ...change }, replace: true, resetScroll: false });
  return (
    <Panel title={text.populations.people}>
      <form className="filters" onSubmit={(event) => event.preventDefault()}>
        <TextInput
          label={text.populations.search}
          leftSection={<Icon name="search" size={16} />}
          value={search.q ?? ""}
          onChange={(event) => set({ q: event.currentTarget.value || undefined })}
        />
        {segments.length ? (
          <Choice
            label={text.populations.segment}
            none={text.people.all}
            options={segments.map((value) => ({ value, label: title(value) }))}
            value={search.segment}
            choose={(segment) => set({ segment })}
          />
        ) : null}
      </form>
      <ProblemNotice error={people.error} />
      {people.isSuccess && !items.length ? <p className="muted">{text.populations.none}</p> : null}
      <ul className="faces">
        {items.map((one) => (
          <li key={one.agent_id}>
            <Link to="/populations/$id/people/$agentId" params={{ id, agentId: one.agent_id }} className="face">
              <strong>{one.name}</strong>
              <span className="fine">{text.populations.years(one.age)}</span>
              <span className="fine">{one.segment ? words(one.segment) : text.populations.rest}</span>
            </Link>
          </li>
        ))}
      </ul>
      {people.hasNextPage ? (
        <Button
          variant="default"
          mt="md"
          loading={people.isFetchingNextPage}
          onClick={() => void people.fetchNextPage()}
        >
          {text.populations.more}
        </Button>
      ) : null}
    </Panel>
  );
}

function Margins({ id }: { id: string }) {
  const told = useQuery(margins(id));
  if (!told.data) return null;
  const worst = [...told.data.dimensions].sort((a, b) => b.max_error - a.max_error).slice(0, SHOWN);
  return (
    <Panel title={text.populations.margins}>
      <DataTable
        first={text.populations.dimension}
        rows={worst.map((one) => ({
          key: one.dimension,
          name: (
            <>
              {title(one.dimension)}
              <span className="under">{`${one.source}, ${one.year}`}</span>
            </>
          ),
          cells: [
            figure(text.populations.drawn, percent(one.max_error)),
            figure(text.populations.weighted, percent(one.max_error_weighted)),
          ],
        }))}
      />
      <p className="fine">{text.populations.marginsNote}</p>
    </Panel>
  );
}

function Uses({ id }: { id: string }) {
  const told = useQuery(uses(id));
  return (
    <Panel title={text.populations.uses}>
      {told.data?.items.length ? null : <p className="muted">{text.populations.usesNone}</p>}
      <ul className="issues-list">
        {told.data?.items.map((one) => (
          <li key={one.simulation_id}>
            <Link to="/simulations/$id" params={{ id: one.simulation_id }} className="plain-link">
              {one.name}
            </Link>
            {one.state ? <StateBadge state={one.state} /> : null}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
