// Studies that the platform keeps and runs. The same study under the same key is run once, however often it is asked for.

import { queryOptions } from "@tanstack/react-query";
import { api, ask, Problem, type Schema } from "./client";

export type Intervention = NonNullable<Schema["StudySpec"]["intervention"]>;

/** A study that tries an intervention; one that asks a protocol has none. */
export type Study = Schema["StudySpec"] & { intervention: Intervention };
export type Kept = Schema["StudyView"];

const of = (id: string) => ({ path: { study_id: id } });
const lasts = { staleTime: 300_000 };

/** A document as the study it is; null for one that the designer cannot draw. */
export function asStudy(document: unknown): Study | null {
  if (typeof document !== "object" || document === null || !("population" in document)) return null;
  const study = document as Study;
  if (!study.intervention) return null;
  return { ...study, intervention: { ...study.intervention, variants: study.intervention.variants ?? [] } };
}

/** Starts a study; answers with the id of its simulation, which waits for its people. */
export async function runStudy(study: Study, key: string = crypto.randomUUID()): Promise<string> {
  const started = await ask(api.POST("/studies/run", { body: study, headers: { "idempotency-key": key } }));
  return started.simulation_id;
}

/** Runs the draft of a kept study as it is now: it becomes a version first. */
export async function runKept(id: string, study: Study): Promise<string> {
  await editStudy(id, study);
  return (await ask(api.POST("/studies/{study_id}/run", { params: of(id), body: { changes: {} } }))).simulation_id;
}

export const keepStudy = (study: Study): Promise<Kept> => ask(api.POST("/studies", { body: study }));
export const editStudy = (id: string, study: Study): Promise<Kept> =>
  ask(api.PUT("/studies/{study_id}", { params: of(id), body: study }));
export const publishStudy = (id: string) => ask(api.POST("/studies/{study_id}/publish", { params: of(id) }));

export const keptStudy = (id: string) =>
  queryOptions({
    queryKey: ["study", id],
    queryFn: () => ask(api.GET("/studies/{study_id}", { params: of(id) })),
    retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status === 404),
    ...lasts,
  });

export const keptStudies = queryOptions({
  queryKey: ["studies"],
  queryFn: () => ask(api.GET("/studies", { params: { query: { limit: 100 } } })),
});

export const versionsOf = (id: string) =>
  queryOptions({
    queryKey: ["study", id, "versions"],
    queryFn: () => ask(api.GET("/studies/{study_id}/versions", { params: of(id) })),
  });

export const versionOf = (id: string, version: number) =>
  ask(api.GET("/studies/{study_id}/versions/{version}", { params: { path: { study_id: id, version } } }));

/** Templates that try an intervention, whole. */
export const studyTemplates = queryOptions({
  queryKey: ["study templates"],
  queryFn: async () => {
    const { items } = await ask(api.GET("/studies/templates"));
    const all = items.map(({ name }) => ask(api.GET("/studies/templates/{name}", { params: { path: { name } } })));
    return (await Promise.all(all)).filter(({ study }) => asStudy(study));
  },
  ...lasts,
});
