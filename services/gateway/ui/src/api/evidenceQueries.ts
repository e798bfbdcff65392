// What the pages about people and simulations side by side read.

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, ask, type Schema } from "./client";

type Cursor = string | undefined;
const next = { getNextPageParam: (page: { next_cursor?: string | null }) => page.next_cursor ?? undefined };
const paged = (cursor: Cursor) => ({ params: { query: { limit: 50, cursor } } });
const start = { initialPageParam: undefined as Cursor };

export const baselines = infiniteQueryOptions({
  queryKey: ["baselines"],
  ...start,
  queryFn: ({ pageParam }) => ask(api.GET("/validation/historical-baseline", paged(pageParam))),
  ...next,
});

export const comparisons = infiniteQueryOptions({
  queryKey: ["comparisons"],
  ...start,
  queryFn: ({ pageParam }) => ask(api.GET("/validation/comparisons", paged(pageParam))),
  ...next,
});

export const comparison = (id: string) =>
  queryOptions({
    queryKey: ["comparison", id],
    queryFn: () =>
      ask(api.GET("/validation/comparisons/{comparison_id}", { params: { path: { comparison_id: id } } })) as Promise<
        Schema["ValidationComparison"]
      >,
  });

export const ledger = infiniteQueryOptions({
  queryKey: ["ledger"],
  ...start,
  queryFn: ({ pageParam }) => ask(api.GET("/validation/ledger", paged(pageParam))),
  ...next,
});

export const calibrations = queryOptions({
  queryKey: ["calibrations"],
  queryFn: () => ask(api.GET("/validation/calibration")) as Promise<Schema["Calibrations"]>,
});

/** What people and agents together say; a problem with status 404 while no people have answered. */
export const hybrid = (id: string) =>
  queryOptions({
    queryKey: ["hybrid", id],
    queryFn: () =>
      ask(api.GET("/validation/{simulation_id}/human-answers", { params: { path: { simulation_id: id } } })) as Promise<
        Schema["HybridView"]
      >,
    retry: false,
  });
