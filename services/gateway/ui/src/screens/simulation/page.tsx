// One simulation: what it is, and its four views. The view and its filters stand in the address.

import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { Problem, type Schema } from "../../api/client";
import { intervention, quality, simulation } from "../../api/queries";
import { isByLink, isGuest } from "../../api/visit";
import { Loading } from "../../app/loading";
import { AsCode, commands, program } from "../../components/asCode";
import { Crumb } from "../../components/loaded";
import { Ago, EmptyState, LiveDot, PageHead, ProblemNotice, StateBadge } from "../../components/parts";
import { capital } from "../../format/format";
import { isOver } from "../../live/run";
import { useRun } from "../../live/useRun";
import { text } from "../../text/text";
import { issuesOf } from "../health/issues";
import { Actions } from "./actions";
import { Held } from "./cost";
import { Monitor } from "./monitor";
import "../../app/moreStyles";
import "./simulation.css";

const Results = lazy(() => import("../results/results").then((module) => ({ default: module.Results })));
const People = lazy(() => import("../people/explorer").then((module) => ({ default: module.Explorer })));
const Health = lazy(() => import("../health/health").then((module) => ({ default: module.Health })));

const route = getRouteApi("/simulations/$id");
const VIEWS = ["monitor", "results", "people", "health"] as const;
/** The monitor is for those who run it. */
const GUEST_VIEWS = ["results", "people", "health"] as const;
export type View = (typeof VIEWS)[number];

export function SimulationPage() {
  const { id } = route.useParams();
  const status = useQuery(simulation(id));
  if (status.data) return <Simulation key={id} status={status.data} />;
  if (status.isPending) return <Loading />;
  if (isByLink && status.error instanceof Problem && [401, 404].includes(status.error.status)) {
    return <EmptyState title={text.share.over}>{text.share.overText}</EmptyState>;
  }
  if (status.error instanceof Problem && status.error.status === 404) {
    return (
      <EmptyState title={text.monitor.missing} action={<Link to="/">{text.problem.home}</Link>}>
        <span className="id">{id}</span>
      </EmptyState>
    );
  }
  return <ProblemNotice error={status.error} retry={() => void status.refetch()} />;
}

function Simulation({ status }: { status: Schema["SimulationView"] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const following = useRun(status);
  const { run, connection, isHeld } = following;
  const issues = issuesOf(useQuery({ ...quality(status.simulation_id), enabled: status.state === "completed" }).data);
  const preferred: View = isOver(status.state) && status.state === "completed" ? "results" : "monitor";
  const views = isGuest ? GUEST_VIEWS : VIEWS;
  const view = views.find((one) => one === search.tab) ?? (isGuest ? "results" : preferred);
  const state = isOver(status.state) ? status.state : run.state;
  return (
    <>
      <PageHead
        above={isGuest ? null : <Crumb to="/">{text.monitor.back}</Crumb>}
        title={status.name}
        lead={<Meta status={status} state={state} />}
        actions={
          <>
            <LiveDot connection={isOver(state) ? "ended" : connection} paused={isHeld} />
            {isGuest ? null : (
              <>
                <Actions status={status} state={state} />
                <AsCode forms={formsOf(status.simulation_id)} />
              </>
            )}
          </>
        }
      />
      {run.reason ? (
        <p className={`reason state-${state}`}>{`${capital(text.states[state] ?? state)}: ${run.reason}`}</p>
      ) : null}
      {state === "paused" && !isGuest ? <Held id={status.simulation_id} reason={run.reason} /> : null}
      <Tabs
        value={view}
        onChange={(tab) => void navigate({ search: { tab: tab ?? undefined } })}
        keepMounted={false}
        classNames={{ list: "tab-list" }}
      >
        <Tabs.List aria-label={text.tabs.label} mb="md">
          {views.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {text.tabs[name]}
              {name === "health" && issues ? <span className="badge">{issues}</span> : null}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={view}>
          <Suspense fallback={<Loading />}>
            {view === "monitor" ? <Monitor following={following} status={status} /> : null}
            {view === "results" ? <Results status={status} /> : null}
            {view === "people" ? <People status={status} /> : null}
            {view === "health" ? <Health id={status.simulation_id} /> : null}
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

/** How else its results are read. */
const formsOf = (id: string): Record<string, string> => ({
  CLI: commands(`watch ${id}`, `results ${id}`, `export ${id} --format csv --out ${id}.csv`),
  curl: `curl ${location.origin}/results/${id}/aggregate\ncurl -o ${id}.csv '${location.origin}/results/${id}/export?format=csv'`,
  Python: program([`results = await client.aggregate("${id}")`, 'print(results["analysis"]["verdict"])']),
});

function Meta({ status, state }: { status: Schema["SimulationView"]; state: string }) {
  const shown = useQuery(intervention(status.intervention_id)).data?.name;
  return (
    <div className="meta">
      <StateBadge state={state} />
      {shown && shown !== status.name ? <span>{text.monitor.intervention(shown)}</span> : null}
      <span>{status.model === "offline" ? text.monitor.offline : text.monitor.model(status.model)}</span>
      <span>{text.monitor.seed(status.seed)}</span>
      <span>
        {text.monitor.started} <Ago at={status.created_at} />
      </span>
      <span className="id">{status.simulation_id}</span>
    </div>
  );
}
