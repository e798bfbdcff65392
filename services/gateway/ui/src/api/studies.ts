// Running a study: the platform draws its people, makes its intervention and executes it. The same study under the same
// key gives the same simulation, so a second click starts nothing twice.

import { api, ask, type Schema } from "./client";

export type Intervention = NonNullable<Schema["StudySpec"]["intervention"]>;

/** A study that tries an intervention; one that asks a protocol has none. */
export type Study = Schema["StudySpec"] & { intervention: Intervention };

/** Starts a study; answers with the id of its simulation, which waits for its people. */
export async function runStudy(study: Study, key: string = crypto.randomUUID()): Promise<string> {
  const started = await ask(api.POST("/studies/run", { body: study, headers: { "idempotency-key": key } }));
  return started.simulation_id;
}
