// Signing in with an identity provider: the authorization code flow with PKCE (RFC 7636, S256). The browser goes to the
// provider and comes back with a code; the gateway has it made into a token, so that the pages ask nobody else for anything.

import { queryOptions } from "@tanstack/react-query";
import { Problem } from "./client";
import { signIn } from "./session";

const NAME = "rehearsal.signing-in";
const BACK = "/ui/signed-in";
const AT = "/ui/sign-in";

export interface Provider {
  authorization_endpoint: string;
  client_id: string;
  scope: string;
}

/** The provider people sign in with; null where there is none. */
export const provider = queryOptions({
  queryKey: ["provider"],
  queryFn: async (): Promise<Provider | null> => {
    const answer = await fetch(AT);
    return answer.status === 200 ? ((await answer.json()) as Provider) : null;
  },
  staleTime: Number.POSITIVE_INFINITY,
  retry: 1,
});

interface Begun {
  verifier: string;
  state: string;
  /** Where somebody was. */
  from: string;
}

const encoded = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
const random = () => encoded(crypto.getRandomValues(new Uint8Array(32)));

/** Goes to the provider. */
export async function begin({ authorization_endpoint, client_id, scope }: Provider): Promise<void> {
  const begun: Begun = { verifier: random(), state: random(), from: location.pathname + location.search };
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(begun.verifier));
  sessionStorage.setItem(NAME, JSON.stringify(begun));
  const asked = new URL(authorization_endpoint);
  const wanted = {
    response_type: "code",
    client_id,
    scope,
    redirect_uri: location.origin + BACK,
    state: begun.state,
    code_challenge: encoded(new Uint8Array(hash)),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(wanted)) asked.searchParams.set(name, value);
  location.assign(asked);
}

/** What the provider sent back is worth a token once. Answers where somebody was before. */
export const finish = (search: URLSearchParams) =>
  queryOptions({
    queryKey: ["signed in", search.get("state")],
    queryFn: async (): Promise<string> => {
      const begun = JSON.parse(sessionStorage.getItem(NAME) ?? "null") as Begun | null;
      sessionStorage.removeItem(NAME);
      const code = search.get("code");
      const told = search.get("error_description") ?? search.get("error") ?? undefined;
      if (!code || !begun || begun.state !== search.get("state")) throw new Problem(401, { detail: told });
      const answer = await fetch(AT, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ code, code_verifier: begun.verifier, redirect_uri: location.origin + BACK }),
      });
      const found = await answer.json().catch(() => null);
      if (!answer.ok) throw new Problem(answer.status, found);
      signIn((found as { token: string }).token);
      return begun.from;
    },
    retry: false,
    gcTime: Number.POSITIVE_INFINITY,
    staleTime: Number.POSITIVE_INFINITY,
  });
