// What the screens read, by name. A query key begins with the noun, so that a live event refreshes all of a noun at once.

import { infiniteQueryOptions, QueryClient, queryOptions } from "@tanstack/react-query";
import { api, ask, Problem, type Schema } from "./client";
import { isGuest } from "./visit";

export type SimulationState = Schema["SimulationState"];

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (count, error) => count < 3 && (!(error instanceof Problem) || error.status === 0 || error.status >= 500),
    },
  },
});

/** Whether agents of a simulation were brought to talk with each other: then there is a transcript. */
export const talked = (id: string) =>
  queryOptions({
    queryKey: ["talked", id],
    queryFn: async () => {
      const params = { path: { simulation_id: id }, query: { limit: 500 } };
      const asked = await ask(api.GET("/communications/{simulation_id}/requests", { params }));
      return asked.items.some((one) => one.kind === "conversation");
    },
    enabled: !isGuest,
  });

export const whoami = queryOptions({
  queryKey: ["whoami"],
  queryFn: () => ask(api.GET("/whoami", { baseUrl: location.origin })),
  staleTime: 60_000,
});

export const simulations = (state?: SimulationState) =>
  infiniteQueryOptions({
    queryKey: ["simulations", state ?? "any"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      ask(
        api.GET("/simulations/list", { params: { query: { limit: 50, cursor: pageParam, state: state && [state] } } }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** A simulation that was asked for a moment ago may not have arrived yet: a 404 is tried again for a while. */
export const simulation = (id: string) =>
  queryOptions({
    queryKey: ["simulation", id],
    queryFn: () => ask(api.GET("/simulations/{simulation_id}/status", { params: { path: { simulation_id: id } } })),
    retry: (count, error) => count < 5 && (!(error instanceof Problem) || error.status === 404 || error.status === 0),
    retryDelay: 800,
  });

export const aggregate = (id: string) =>
  queryOptions({
    queryKey: ["results", id],
    queryFn: async () => {
      const told = await ask(
        api.GET("/results/{simulation_id}/aggregate", { params: { path: { simulation_id: id } } }),
      );
      return told as Schema["AggregateView"]; // the client widens pairs of numbers to lists
    },
  });

/** The cap of a simulation; a platform without one answers that there is none. */
export const budget = (id: string) =>
  queryOptions({
    queryKey: ["budget", id],
    queryFn: () => ask(api.GET("/simulations/{simulation_id}/budget", { params: { path: { simulation_id: id } } })),
    retry: false,
  });

export const quality = (id: string) =>
  queryOptions({
    queryKey: ["quality", id],
    queryFn: () => ask(api.GET("/validation/{simulation_id}/metrics", { params: { path: { simulation_id: id } } })),
  });

/** What was tried; a guest is not told. */
export const intervention = (id: string | null) =>
  queryOptions({
    queryKey: ["intervention", id],
    queryFn: () =>
      ask(api.GET("/interventions/{intervention_id}", { params: { path: { intervention_id: id ?? "" } } })),
    enabled: id !== null && !isGuest,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const monitor = (interventionId: string, simulationId: string) =>
  queryOptions({
    queryKey: ["monitor", simulationId],
    queryFn: () =>
      ask(
        api.GET("/interventions/{intervention_id}/monitor", {
          params: { path: { intervention_id: interventionId }, query: { simulation_id: simulationId } },
        }),
      ),
  });

export interface PeopleFilter {
  arm?: string | undefined;
  segment?: string | undefined;
}

export const individuals = (id: string, filter: PeopleFilter) =>
  infiniteQueryOptions({
    queryKey: ["individuals", id, filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      ask(
        api.GET("/results/{simulation_id}/individuals", {
          params: { path: { simulation_id: id }, query: { ...filter, limit: 500, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const individual = (id: string, agentId: string) =>
  queryOptions({
    queryKey: ["individual", id, agentId],
    queryFn: () =>
      ask(
        api.GET("/results/{simulation_id}/individual/{agent_id}", {
          params: { path: { simulation_id: id, agent_id: agentId } },
        }),
      ),
  });

/** Two simulations side by side; without a baseline it is that of the first. */
export const compared = (first: string, second: string, baseline?: string) =>
  queryOptions({
    queryKey: ["compared", first, second, baseline],
    queryFn: async () => {
      const body = { simulations: [first, second], baseline: baseline ?? null } as Schema["ResultsCompareSpec"];
      return (await ask(api.POST("/results/compare-interventions", { body }))) as Schema["VersusView"];
    },
    retry: false,
  });
