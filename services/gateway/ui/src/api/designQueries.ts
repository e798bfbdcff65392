// What a design is made of, and what the platform says about it while it is being made.

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ask, Problem, type Schema } from "./client";
import { documentOf, type Study } from "./studies";

const LONG = 300_000;

export const templates = queryOptions({
  queryKey: ["templates"],
  queryFn: () => ask(api.GET("/agent-populations/templates")),
  staleTime: LONG,
});

export const fragments = queryOptions({
  queryKey: ["fragments"],
  queryFn: () => ask(api.GET("/agent-populations/fragments")),
  staleTime: LONG,
});

const once = (count: number, error: Error) => count < 1 && (!(error instanceof Problem) || error.status >= 500);

/** What is wrong with a study; calls, tokens, money and time, and whether it can find anything. */
export const validity = (study: Study, isReady: boolean) =>
  queryOptions({
    queryKey: ["validity", study],
    queryFn: ({ signal }) => ask(api.POST("/studies/validate", { body: documentOf(study), signal })),
    enabled: isReady,
    placeholderData: keepPreviousData,
    staleTime: LONG,
    retry: once,
  });

/** A few people as they would be drawn, and what was understood of each segment's words. */
export const sketch = (population: Study["population"], isReady: boolean) =>
  queryOptions({
    queryKey: ["sketch", population],
    queryFn: async ({ signal }) => {
      const told = await ask(
        api.POST("/agent-populations/preview", { params: { query: { people: 6 } }, body: population, signal }),
      );
      return told as Schema["PopulationPreviewView"];
    },
    enabled: isReady,
    placeholderData: keepPreviousData,
    staleTime: LONG,
    retry: once,
  });
