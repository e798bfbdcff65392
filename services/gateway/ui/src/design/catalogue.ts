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
