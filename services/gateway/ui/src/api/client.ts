// The typed client. Its types come from schemas/openapi.json, so a field that is not in the API does not compile here.

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";
import { authorization } from "./session";
import { apiAt } from "./visit";

export type Schema = components["schemas"];

export interface FieldProblem {
  field: string;
  message: string;
  allowed: string[];
}

/** An answer that is not a success, as RFC 9457 tells it; `status` 0 means that there was none. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly fields: FieldProblem[];

  constructor(status: number, body: { title?: string; detail?: string; errors?: FieldProblem[] } | null) {
    super(body?.detail || body?.title || `HTTP ${status}`);
    this.status = status;
    this.title = body?.title ?? "";
    this.fields = body?.errors ?? [];
  }
}

const identity: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(authorization())) request.headers.set(name, value);
    return request;
  },
  onError() {
    return new Problem(0, { detail: "The platform does not answer." });
  },
};

export const api = createClient<paths>({ baseUrl: location.origin + apiAt });
api.use(identity);

/** The data of an answer, or the problem thrown. */
export async function ask<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) throw new Problem(response.status, asBody(error));
  return data as T;
}

function asBody(error: unknown) {
  return typeof error === "object" && error !== null ? (error as { title?: string; detail?: string }) : null;
}

/** Any path of the platform, for what the typed client does not describe: downloads, pictures and the explorer. */
export function request(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(apiAt + path, { ...init, headers: { ...authorization(), ...(init.headers as Record<string, string>) } });
}
