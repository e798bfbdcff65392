// What whoever looks may do. The platform decides; the pages do not offer what it would refuse.

import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import type { Schema } from "./client";
import { whoami } from "./queries";
import { key, onSession } from "./session";
import { isGuest } from "./visit";

/** Each may do all that those before it may. */
export const ROLES = ["viewer", "researcher", "operator", "admin"] as const;
export type Role = Schema["Role"];

export function useYou(): Schema["Identity"] | undefined {
  const secret = useSyncExternalStore(onSession, key);
  return useQuery({ ...whoami, queryKey: ["whoami", secret], enabled: !isGuest }).data;
}

/** Undefined while that is not known. */
export function useMay(needed: Role): boolean | undefined {
  const you = useYou();
  return you && ROLES.indexOf(you.role) >= ROLES.indexOf(needed);
}
