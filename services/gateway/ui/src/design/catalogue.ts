// The metrics that have a name: the platform's own catalogue, taken in when the pages are built.

import catalogue from "../../../../../libs/contracts/catalogue.json";
import type { Metric, Question } from "./draft";

export interface Known {
  name: string;
  type: Question["type"];
  question: string;
  requires?: string;
  is_guardrail?: boolean;
  is_control?: boolean;
}

export const KNOWN = catalogue as Known[];

const knownAs = (name: string): Known | undefined => KNOWN.find((one) => one.name === name);

export const typeOf = (metric: Metric): Question["type"] | undefined =>
  typeof metric === "string" ? knownAs(metric)?.type : metric.type;

/** The metric that must be true before this one is asked. */
export const neededBy = (metric: Metric): string | undefined =>
  (typeof metric === "string" ? knownAs(metric)?.requires : metric.requires) ?? undefined;

/** The role it has whatever stands beside it; without one it is what its place makes of it. */
export const roleOf = (metric: Metric): Question["role"] | undefined =>
  typeof metric === "string" ? (knownAs(metric)?.is_guardrail ? "guardrail" : undefined) : metric.role;

/** Guardrails of the catalogue are always that. */
export const mayBePrimary = (metric: Metric): boolean => typeof metric !== "string" || roleOf(metric) === undefined;

export const hasOptions = (type: string | undefined): boolean => type === "choice" || type === "ranking";
/** Answers that have a better and a worse. */
export const isScored = (type: string | undefined): boolean =>
  type === "binary" || type === "ordinal" || type === "numeric";

export const CHANNELS = [
  "email",
  "social",
  "in_app",
  "push",
  "sms",
  "web",
  "print",
  "tv",
  "radio",
  "phone",
  "in_person",
];
export const TIMINGS = ["immediate", "morning", "afternoon", "evening", "night"];
export const TYPES = ["marketing_intervention", "product_feature", "policy_change", "communication_flow"] as const;
