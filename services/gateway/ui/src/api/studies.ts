// Studies that the platform keeps and runs. The same study under the same key is run once, however often it is asked for.

import { queryOptions } from "@tanstack/react-query";
import { api, ask, Problem, request, type Schema } from "./client";

const [TRIES, INTERVAL_MS] = [120, 400];

export type Intervention = NonNullable<Schema["StudySpec"]["intervention"]>;

/** A study as it is designed. One that asks a protocol has an intervention too, which is none: it goes nowhere. */
export type Study = Schema["StudySpec"] & { intervention: Intervention };
export type Request = NonNullable<Schema["StudySpec"]["protocol"]>[number];
export type Kept = Schema["StudyView"];

const of = (id: string) => ({ path: { study_id: id } });
const lasts = { staleTime: 300_000 };

const NO_INTERVENTION = { name: "", variants: [], success_metrics: [] } as unknown as Intervention;

export const asksProtocol = (study: Study): boolean => (study.protocol ?? []).length > 0;

/** A study as its file has it. */
export function documentOf(study: Study): Schema["StudySpec"] {
  if (!asksProtocol(study)) return study;
  const { intervention: _, ...file } = study;
  return file as Schema["StudySpec"]; // a file has no field that is not given
}

/** A document as the study it is; null for one that the designer cannot draw. */
export function asStudy(document: unknown): Study | null {
  if (typeof document !== "object" || document === null || !("population" in document)) return null;
  const study = document as Study;
  if (!study.intervention) return study.protocol?.length ? { ...study, intervention: NO_INTERVENTION } : null;
  return { ...study, intervention: { ...study.intervention, variants: study.intervention.variants ?? [] } };
}

/** Starts a study; answers with the id of its simulation, which waits for its people. */
export async function runStudy(study: Study, key: string = crypto.randomUUID()): Promise<string> {
  const started = await ask(api.POST("/studies/run", { body: documentOf(study), headers: { "idempotency-key": key } }));
  return appeared(started.simulation_id);
}

/** Runs the draft of a kept study, or what it is to be now: it becomes a version first. */
export async function runKept(id: string, changed: Study | null): Promise<string> {
  if (changed) await editStudy(id, changed);
  const started = await ask(api.POST("/studies/{study_id}/run", { params: of(id), body: { changes: {} } }));
  return appeared(started.simulation_id);
}

export const keepStudy = (study: Study): Promise<Kept> => ask(api.POST("/studies", { body: documentOf(study) }));
export const editStudy = (id: string, study: Study): Promise<Kept> =>
  ask(api.PUT("/studies/{study_id}", { params: of(id), body: documentOf(study) }));
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

/** What a kept study's file says, with nothing added: its draft, or a version. */
export async function fileOfStudy(id: string, version?: number): Promise<unknown> {
  const [file, { parse }] = await Promise.all([
    request(`/studies/${encodeURIComponent(id)}/file${version ? `?version=${version}` : ""}`),
    import("yaml"),
  ]);
  if (!file.ok) throw new Problem(file.status, null);
  return parse(await file.text());
}

/** Templates, whole. */
export const studyTemplates = queryOptions({
  queryKey: ["study templates"],
  queryFn: async () => {
    const { items } = await ask(api.GET("/studies/templates"));
    const all = items.map(({ name }) => ask(api.GET("/studies/templates/{name}", { params: { path: { name } } })));
    return Promise.all(all);
  },
  ...lasts,
});

/** Waits until a simulation that was asked for is there, however busy the platform is; its id. */
async function appeared(id: string): Promise<string> {
  const params = { params: { path: { simulation_id: id } } };
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { response } = await api.GET("/simulations/{simulation_id}/status", params);
    if (response.status !== 404) break;
    await new Promise((done) => setTimeout(done, INTERVAL_MS));
  }
  return id;
}
