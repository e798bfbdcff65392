// Every page and its address. What can be filtered stands in the search part of the address, so that it can be sent around.

import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { pagesAt } from "../api/visit";
import type { Brand } from "../brand/brand";
import { EmptyState, ProblemNotice } from "../components/parts";
import { text } from "../text/text";
import { Layout } from "./layout";
import { Loading } from "./loading";

export interface Context {
  brand: Brand;
}

export type Search = Partial<Record<string, string>>;

/** Search parameters as text; empty ones are left out of the address. */
const filters =
  <Name extends string>(...names: Name[]) =>
  (search: Record<string, unknown>): Partial<Record<Name, string | undefined>> => {
    const given = names.filter((name) => search[name] !== undefined && search[name] !== "");
    return Object.fromEntries(given.map((name) => [name, String(search[name])])) as Partial<Record<Name, string>>;
  };

const root = createRootRouteWithContext<Context>()({
  component: function Root() {
    return <Layout brand={root.useRouteContext().brand} />;
  },
  notFoundComponent: NotFound,
  errorComponent: ({ error }) => <ProblemNotice error={error} retry={() => location.reload()} />,
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("../screens/simulations/page"), "SimulationsPage"),
  validateSearch: filters("state", "q"),
});

/** The view, what the people in it are chosen by, and who is open. */
const SIMULATION_FILTERS = [
  "tab",
  "metric",
  "arm",
  "segment",
  "q",
  "answer",
  "tone",
  "theme",
  "trait",
  "value",
  "step",
  "failure",
  "agents",
  "since",
  "until",
  "agent",
] as const;

const simulation = createRoute({
  getParentRoute: () => root,
  path: "/simulations/$id",
  component: lazyRouteComponent(() => import("../screens/simulation/page"), "SimulationPage"),
  validateSearch: filters(...SIMULATION_FILTERS),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  component: lazyRouteComponent(() => import("../screens/compare/page"), "ComparePage"),
  validateSearch: filters("first", "second", "baseline"),
});

const design = createRoute({
  getParentRoute: () => root,
  path: "/design",
  component: lazyRouteComponent(() => import("../screens/design/page"), "DesignPage"),
  validateSearch: filters("node"),
});

const validation = createRoute({
  getParentRoute: () => root,
  path: "/validation",
  component: lazyRouteComponent(() => import("../screens/validation/page"), "ValidationPage"),
});

const comparison = createRoute({
  getParentRoute: () => root,
  path: "/validation/$id",
  component: lazyRouteComponent(() => import("../screens/validation/comparison"), "ComparisonPage"),
});

const populations = createRoute({
  getParentRoute: () => root,
  path: "/populations",
  component: lazyRouteComponent(() => import("../screens/populations/list"), "PopulationsPage"),
});

const population = createRoute({
  getParentRoute: () => root,
  path: "/populations/$id",
  component: lazyRouteComponent(() => import("../screens/populations/population"), "PopulationPage"),
  validateSearch: filters("segment", "q"),
});

const person = createRoute({
  getParentRoute: () => root,
  path: "/populations/$id/people/$agentId",
  component: lazyRouteComponent(() => import("../screens/populations/person"), "PersonPage"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("../screens/settings/page"), "SettingsPage"),
});

const apiPage = createRoute({
  getParentRoute: () => root,
  path: "/api",
  component: lazyRouteComponent(() => import("../screens/api/page"), "ApiPage"),
  validateSearch: filters("q"),
});

const events = createRoute({
  getParentRoute: () => root,
  path: "/events",
  component: lazyRouteComponent(() => import("../screens/events/page"), "EventsPage"),
  validateSearch: filters("message"),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  path: "/signed-in",
  component: lazyRouteComponent(() => import("../screens/signedIn/page"), "SignedInPage"),
});

/** Where these pages were before. */
const oldSimulation = createRoute({
  getParentRoute: () => root,
  path: "/simulation.html",
  beforeLoad: ({ location }) => {
    const id = new URLSearchParams(location.searchStr).get("id");
    throw id ? redirect({ to: "/simulations/$id", params: { id } }) : redirect({ to: "/" });
  },
});
const oldApi = createRoute({
  getParentRoute: () => root,
  path: "/docs.html",
  beforeLoad: () => {
    throw redirect({ to: "/api" });
  },
});

function NotFound() {
  return <EmptyState title={text.problem.notFound}>{text.problem.notFoundText}</EmptyState>;
}

export function makeRouter(brand: Brand) {
  return createRouter({
    routeTree: root.addChildren([
      home,
      simulation,
      compare,
      design,
      validation,
      comparison,
      populations,
      population,
      person,
      settings,
      apiPage,
      events,
      signedIn,
      oldSimulation,
      oldApi,
    ]),
    basepath: pagesAt,
    context: { brand },
    defaultPreload: "intent",
    defaultPendingComponent: Loading,
    scrollRestoration: true,
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: (search) => {
      const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
      const query = new URLSearchParams(given as [string, string][]).toString();
      return query ? `?${query}` : "";
    },
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
