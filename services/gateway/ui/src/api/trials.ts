// Trials: a few people meet one variant. What exactly the same one came to is known already, here and on the platform.

import { queryOptions } from "@tanstack/react-query";
import { api, ask } from "./client";
import { runStudy, type Study } from "./studies";

const POLL_MS = 400;
const ENDS = ["completed", "failed", "cancelled"];

export const trial = (study: Study) =>
  queryOptions({
    queryKey: ["trial", study],
    queryFn: ({ signal }) => tryOut(study, signal),
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

async function tryOut(study: Study, signal: AbortSignal) {
  const id = await runStudy(study, `trial-${fingerprint(JSON.stringify(study))}`);
  const of = { params: { path: { simulation_id: id } } };
  for (;;) {
    const { data, response } = await api.GET("/simulations/{simulation_id}/status", { ...of, signal });
    if (response.ok && data && ENDS.includes(data.state)) {
      const { items } = await ask(api.GET("/results/{simulation_id}/individuals", { ...of, signal }));
      return { id, reason: data.reason ?? null, people: items };
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Two words of 32 bits of a text (cyrb53): a key for what is the same, not a secret. */
function fingerprint(value: string): string {
  let [one, two] = [0xdeadbeef, 0x41c6ce57];
  for (const sign of value) {
    const code = sign.codePointAt(0) ?? 0;
    one = Math.imul(one ^ code, 2654435761);
    two = Math.imul(two ^ code, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
  two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return `${(two >>> 0).toString(16)}${(one >>> 0).toString(16)}`;
}
