// What the pages about populations and settings read.

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, ask, type Schema } from "./client";

type Cursor = string | undefined;
const start = { initialPageParam: undefined as Cursor };
const next = { getNextPageParam: (page: { next_cursor?: string | null }) => page.next_cursor ?? undefined };
const of = (id: string) => ({ path: { population_id: id } });

export const populations = infiniteQueryOptions({
  queryKey: ["populations"],
  ...start,
  queryFn: ({ pageParam }) =>
    ask(api.GET("/agent-populations/list", { params: { query: { limit: 50, cursor: pageParam } } })),
  ...next,
});

export const population = (id: string) =>
  queryOptions({
    queryKey: ["population", id],
    queryFn: () => ask(api.GET("/agent-populations/{population_id}", { params: of(id) })),
  });

export const margins = (id: string) =>
  queryOptions({
    queryKey: ["margins", id],
    queryFn: () => ask(api.GET("/agent-populations/{population_id}/margins", { params: of(id) })),
    retry: false,
  });

export const uses = (id: string) =>
  queryOptions({
    queryKey: ["uses", id],
    queryFn: () => ask(api.GET("/agent-populations/{population_id}/simulations", { params: of(id) })),
  });

export const peopleOf = (id: string, filter: { segment?: string | undefined; name?: string | undefined }) =>
  infiniteQueryOptions({
    queryKey: ["people", id, filter],
    ...start,
    queryFn: ({ pageParam }) =>
      ask(
        api.GET("/agent-populations/{population_id}/individuals", {
          params: { ...of(id), query: { ...filter, limit: 60, cursor: pageParam } },
        }),
      ),
    ...next,
  });

export const person = (id: string, agentId: string) =>
  queryOptions({
    queryKey: ["person", id, agentId],
    queryFn: () =>
      ask(
        api.GET("/agent-populations/{population_id}/individuals/{agent_id}", {
          params: { path: { population_id: id, agent_id: agentId } },
        }),
      ),
  });

export const memory = (simulationId: string, agentId: string) =>
  queryOptions({
    queryKey: ["memory", simulationId, agentId],
    queryFn: () =>
      ask(
        api.GET("/communications/{simulation_id}/history", {
          params: { path: { simulation_id: simulationId }, query: { agent_id: agentId, limit: 100 } },
        }),
      ),
    retry: false,
  });

export const keys = queryOptions({
  queryKey: ["keys"],
  queryFn: () => ask(api.GET("/keys", { params: { query: { limit: 100 } } })),
  retry: false,
});

export const shares = queryOptions({
  queryKey: ["shares"],
  queryFn: () => ask(api.GET("/shares", { params: { query: { limit: 100 } } })),
  retry: false,
});

export const received = queryOptions({
  queryKey: ["received"],
  queryFn: () => ask(api.GET("/shares/received")),
  retry: false,
});

export const engines = queryOptions({ queryKey: ["engines"], queryFn: () => ask(api.GET("/communications/engines")) });

export const audit = infiniteQueryOptions({
  queryKey: ["audit"],
  ...start,
  queryFn: ({ pageParam }) =>
    ask(api.GET("/audit", { params: { query: { limit: 50, order: "desc", cursor: pageParam } } })),
  ...next,
  retry: false,
});

/** Waits until a simulation may be spoken with. */
async function ready(id: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const told = await ask(
      api.GET("/simulations/{simulation_id}/status", { params: { path: { simulation_id: id } } }),
    ).catch(() => null);
    if (told?.state === "ready" || told?.state === "running") return;
    await new Promise((done) => setTimeout(done, 150));
  }
}

export type Said = Schema["HistoryItemView"];

/** Says something to one person; makes the simulation of the conversation when there is none yet. */
export async function speak(told: {
  simulationId: string | null;
  populationId: string;
  agentId: string;
  name: string;
  content: string;
}) {
  let id = told.simulationId;
  if (id === null) {
    const made = await ask(
      api.POST("/simulations/create", {
        body: { name: told.name, population_id: told.populationId } as Schema["SimulationSpec"],
      }),
    );
    id = made.id;
    await ready(id);
  }
  const body = { simulation_id: id, to_agent_id: told.agentId, content: told.content } as Schema["MessageSpec"];
  const answer = (await ask(
    api.POST("/communications/direct-message", { params: { query: { wait: 30 } }, body }),
  )) as Partial<Schema["ReplyView"]>;
  return { simulationId: id, items: (answer.items ?? []) as Said[] };
}
