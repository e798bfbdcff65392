// Running a study: its population is drawn, its intervention made and executed. The same study under the same key gives
// the same simulation, so a second click starts nothing twice.

import { api, ask, type Schema } from "./client";

export type Study = Schema["StudySpec"];

/** Starts a study; answers with the id of its simulation, which waits for its people. */
export async function runStudy(study: Study, key: string = crypto.randomUUID()): Promise<string> {
  const once = (step: string) => ({ headers: { "idempotency-key": `${key}-${step}` } });
  const seed = study.seed ?? undefined;
  const population = await ask(
    api.POST("/agent-populations/create", {
      body: { ...study.population, seed: study.population.seed ?? seed },
      ...once("people"),
    }),
  );
  const intervention = await ask(
    api.POST("/interventions/create", {
      body: { ...study.intervention, population_id: population.id, seed: study.intervention.seed ?? seed },
      ...once("intervention"),
    }),
  );
  const execution = await ask(
    api.POST("/interventions/{intervention_id}/execute", {
      params: { path: { intervention_id: intervention.id } },
      body: { population_id: population.id, seed, model: study.model, engine: study.engine },
      ...once("execution"),
    }),
  );
  return execution.simulation_id;
}
