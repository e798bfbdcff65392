// Who the page is: a key that somebody typed, kept for this tab only, and sent in a header so that no other site can.

const NAME = "rehearsal.key";
let listeners: (() => void)[] = [];

export const key = (): string => sessionStorage.getItem(NAME) ?? "";

export function signIn(secret: string): void {
  sessionStorage.setItem(NAME, secret.trim());
  for (const listener of listeners) listener();
}

export function signOut(): void {
  sessionStorage.removeItem(NAME);
  for (const listener of listeners) listener();
}

export function onSession(listener: () => void): () => void {
  listeners = [...listeners, listener];
  return () => {
    listeners = listeners.filter((one) => one !== listener);
  };
}

export const authorization = (): Record<string, string> => (key() ? { authorization: `Bearer ${key()}` } : {});
