// What developers read: kinds of events, dead letters, models and what they take.

import { queryOptions } from "@tanstack/react-query";
import { api, ask } from "./client";

export const eventTypes = queryOptions({
  queryKey: ["eventTypes"],
  queryFn: () => ask(api.GET("/events/types")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const deadLetters = (key?: string) =>
  queryOptions({
    queryKey: ["deadLetters", key ?? ""],
    queryFn: () => ask(api.GET("/events/dead-letters", { params: { query: { key } } })),
    retry: false,
  });

export const models = queryOptions({
  queryKey: ["models"],
  queryFn: () => ask(api.GET("/models")),
  retry: false,
});

export const quota = (tenant: string) =>
  queryOptions({
    queryKey: ["quota", tenant],
    queryFn: () => ask(api.GET("/tenants/{tenant}/quota", { params: { path: { tenant } } })),
    retry: false,
  });
