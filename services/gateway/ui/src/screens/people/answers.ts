// Which people are behind a mark of the results: what the marks say, read back.

import type { Schema } from "../../api/client";
import { numberOf } from "../../live/run";

export type Person = Schema["ResultsIndividualResult"];

const NEUTRAL = 0.2; // as the results count it

/** What can stand in the address. */
export interface Wanted {
  q?: string | undefined;
  metric?: string | undefined;
  answer?: string | undefined;
  tone?: string | undefined;
  trait?: string | undefined;
  value?: string | undefined;
  step?: string | undefined;
  failure?: string | undefined;
  /** Numbers of agents, `1-32`, and moments. */
  agents?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** Whether an answer is in the bin of this label: `yes`, `not reached`, `7`, `0–10` or an option. */
export function isInBin(answer: unknown, label: string): boolean {
  if (label === "not reached") return answer === null || answer === undefined;
  if (typeof answer === "boolean") return label === (answer ? "yes" : "no");
  if (Array.isArray(answer)) return String(answer[0]) === label;
  if (typeof answer !== "number") return String(answer ?? "") === label;
  const [low, high] = label.split("–").map(Number);
  if (high === undefined) return Math.abs(answer - (low ?? Number.NaN)) < 1e-9;
  return answer > (low ?? 0) - 1e-9 && answer <= high + 1e-9;
}

/** How a response is meant. */
export function toneOf(sentiment: number | null | undefined): string {
  if (sentiment === null || sentiment === undefined) return "unstated";
  return sentiment > NEUTRAL ? "positive" : sentiment < -NEUTRAL ? "negative" : "neutral";
}

export const traitOf = (one: Person, trait: string): string => String(one.demographic_profile[trait] ?? "");

function isNumbered(agentId: string, range: string): boolean {
  const [low, high] = range.split("-").map(Number);
  const number = numberOf(agentId);
  return number >= (low ?? 0) && number <= (high ?? low ?? 0);
}

export function isWanted(one: Person, wanted: Wanted, agents: ReadonlySet<string> | null): boolean {
  const { metric, answer, tone, trait, value, step, failure } = wanted;
  if (agents && !agents.has(one.agent_id)) return false;
  if (metric && answer && !isInBin(one.answers[metric], answer)) return false;
  if (tone && (one.status !== "answered" || toneOf(one.sentiment) !== tone)) return false;
  if (trait && value && traitOf(one, trait) !== value) return false;
  if (step && `${one.step_id} ${one.round}` !== step) return false;
  if (failure && one.failure !== failure) return false;
  if (wanted.agents && !isNumbered(one.agent_id, wanted.agents)) return false;
  const at = Date.parse(one.responded_at);
  if (wanted.since && at < Date.parse(wanted.since)) return false;
  if (wanted.until && at > Date.parse(wanted.until)) return false;
  const words = (wanted.q ?? "").trim().toLowerCase();
  return !words || one.name.toLowerCase().includes(words) || (one.response ?? "").toLowerCase().includes(words);
}
