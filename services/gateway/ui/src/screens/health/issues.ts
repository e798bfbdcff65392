// How many checks of a quality card ask for attention.

import type { Schema } from "../../api/client";

export const issuesOf = (card: Schema["QualityCard"] | undefined): number =>
  card?.checks.filter((check) => check.status === "fail" || check.status === "warn").length ?? 0;
