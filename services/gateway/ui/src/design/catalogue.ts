// The metrics that have a name: the platform's own catalogue, taken in when the pages are built.

import catalogue from "../../../../../libs/contracts/catalogue.json";

export interface Known {
  name: string;
  type: string;
  question: string;
  requires?: string;
  is_guardrail?: boolean;
}

export const KNOWN = catalogue as Known[];
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
