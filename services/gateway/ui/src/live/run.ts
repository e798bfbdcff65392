// One simulation as its events tell it. An event that comes twice changes nothing; after a restore, what lies on another
// timeline does not count any more. Memory does not grow with the responses, except for one key for each turn.

import type { Schema } from "../api/client";
import type { LiveEvent } from "./stream";
import { Trend } from "./trend";

export interface LiveResponse {
  arm: string;
  agent_id: string;
  name: string;
  segment: string | null;
  status: string;
  answers: Record<string, unknown>;
  response: string;
  sentiment: number | null;
  responded_at: string;
  failure?: string | null;
}

export interface LiveMetric {
  name: string;
  type: string;
  role: string;
  minimum: number | null;
  maximum: number | null;
}

export interface Arm {
  name: string;
  answered: number;
  failed: number;
  stimulus: { content: string; channel: string; timing: string } | null;
}

interface Batch {
  step_id: string;
  round: number;
  timeline_id: string;
  place: number;
  responses: LiveResponse[];
}

interface Step {
  step_id: string;
  round: number;
  timeline_id: string;
  place: number;
  planned: Record<string, number>;
  stimuli: Record<string, NonNullable<Arm["stimulus"]>>;
  metrics: LiveMetric[];
}

interface Change {
  state: Schema["SimulationState"];
  reason: string | null;
  planned: Record<string, number>;
  usage: Schema["Usage"];
}

/** What the answers so far amount to, with intervals that hold at every look. */
export interface SoFar {
  timeline_id: string;
  place: number;
  confidence_level: number;
  estimates: (Schema["SegmentEstimate"] & { method: string })[];
  evidence: Schema["Evidence"];
  only_first?: number | null;
}

interface Delivery {
  delivery_id: string;
  step_id: string;
  arm: string;
  /** Who took no turn: the step was not for them, or asks for no answer. */
  skipped?: number | null;
  usage: Schema["Usage"];
}

interface Fork {
  timeline: { timeline_id: string; number: number; ancestors: { timeline_id: string; through: number }[] };
}

const KEPT = 60;
const TERMINAL = new Set(["completed", "failed", "cancelled"]);

export const isOver = (state: string | null | undefined): boolean => TERMINAL.has(state ?? "");

/** The place of an agent in its population: `agent_0012` is the twelfth. */
export const numberOf = (agentId: string): number => Number(/\d+$/.exec(agentId)?.[0] ?? 0);

export class Run {
  state: Schema["SimulationState"];
  reason: string | null;
  usage: Schema["Usage"];
  readonly arms = new Map<string, Arm>();
  readonly failures = new Map<string, number>();
  metrics: LiveMetric[] = [];
  latest: LiveResponse[] = [];
  soFar: SoFar | null = null;
  trend = new Trend();
  /** When each turn ended, for the activity map: [milliseconds, number of the agent]; in the order in which it was told. */
  activity: [number, number][] = [];
  version = 0;
  private planned: Record<string, number> = {};
  private timeline: Fork["timeline"] = { timeline_id: "main", number: 1, ancestors: [] };
  private readonly steps = new Map<string, Step>();
  private readonly turns = new Map<string, { batch: Batch; response: LiveResponse }>();
  private readonly agents = new Set<number>();
  private readonly deliveries = new Map<string, Delivery>();
  /** When the first and the last turn ended, in milliseconds. */
  began = Number.POSITIVE_INFINITY;
  ended = 0;
  /** The highest number of an agent who has answered. */
  highest = 0;

  constructor(status: Schema["SimulationView"]) {
    this.state = status.state;
    this.reason = status.reason ?? null;
    this.usage = status.usage;
    for (const [name, progress] of Object.entries(status.progress.by_arm)) {
      this.arm(name);
      this.planned[name] = progress.planned;
    }
  }

  take(events: LiveEvent[]): void {
    for (const { name, data } of events) {
      if (name === "responses-recorded") this.record(data as Batch);
      else if (name === "simulation-state-changed") this.change(data as Change);
      else if (name === "step-started") this.step(data as Step);
      else if (name === "timeline-forked") this.fork(data as Fork);
      else if (name === "aggregates-changed") this.sum(data as SoFar);
      else if (name === "delivery-completed") this.deliver(data as Delivery);
    }
    this.version += 1;
  }

  total(key: "answered" | "failed"): number {
    return [...this.arms.values()].reduce((sum, arm) => sum + arm[key], 0);
  }

  /** Turns, without those of people whom a step turned out not to be for. */
  plannedOf(name: string): number {
    const asked = Math.max(
      this.planned[name] ?? 0,
      this.told.reduce((sum, step) => sum + (step.planned[name] ?? 0), 0),
    );
    return Math.max(0, asked - this.skips((one) => one.arm === name));
  }

  /** Turns that were not taken, and whether a condition is the only reason: who is not to answer is asked no metric. */
  get skipped(): { turns: number; byCondition: boolean } {
    const asking = new Set(this.told.filter((step) => step.metrics.length).map((step) => step.step_id));
    const turns = this.skips(() => true);
    return { turns, byCondition: turns === this.skips((one) => asking.has(one.step_id)) };
  }

  /** Rounds that have begun: with one, its turns are its people. */
  get rounds(): number {
    return this.told.length;
  }

  private get told(): Step[] {
    return [...this.steps.values()].filter((step) => this.counts(step));
  }

  private skips(which: (one: Delivery) => boolean): number {
    const left = new Set([...this.steps.values()].filter((step) => !this.counts(step)).map((step) => step.step_id));
    const those = [...this.deliveries.values()].filter((one) => !left.has(one.step_id) && which(one));
    return those.reduce((sum, one) => sum + (one.skipped ?? 0), 0);
  }

  get plannedTotal(): number {
    return [...this.arms.keys()].reduce((sum, name) => sum + this.plannedOf(name), 0);
  }

  get people(): number {
    return this.agents.size;
  }

  private arm(name: string): Arm {
    let arm = this.arms.get(name);
    if (!arm) {
      arm = { name, answered: 0, failed: 0, stimulus: null };
      this.arms.set(name, arm);
    }
    return arm;
  }

  private counts({ timeline_id, place }: { timeline_id: string; place: number }): boolean {
    const { timeline } = this;
    return (
      timeline_id === timeline.timeline_id ||
      timeline.ancestors.some((one) => one.timeline_id === timeline_id && place <= one.through)
    );
  }

  private change(data: Change): void {
    this.state = data.state;
    this.reason = data.reason;
    this.planned = data.planned ?? {};
    if (data.usage.calls >= this.usage.calls) this.usage = data.usage;
    for (const name of Object.keys(this.planned)) this.arm(name);
  }

  /** Deliveries tell what they cost as they end; a change of state has the sum, which is the truth. */
  private deliver(delivery: Delivery): void {
    this.deliveries.set(delivery.delivery_id, delivery);
    const sum = { calls: 0, cached_calls: 0, prompt_tokens: 0, completion_tokens: 0, cost_usd: 0 };
    for (const { usage } of this.deliveries.values()) {
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += usage[name];
    }
    if (sum.calls > this.usage.calls) this.usage = { ...this.usage, ...sum };
  }

  private step(data: Step): void {
    this.steps.set(`${data.step_id}/${data.round}`, data);
    for (const [name, stimulus] of Object.entries(data.stimuli)) this.arm(name).stimulus = stimulus;
    for (const name of Object.keys(data.planned)) this.arm(name);
    const known = new Set(this.metrics.map((metric) => metric.name));
    this.metrics = [...this.metrics, ...data.metrics.filter((metric) => !known.has(metric.name))];
  }

  private sum(data: SoFar): void {
    const isPresent = data.timeline_id === this.timeline.timeline_id;
    if (isPresent && data.place >= (this.soFar?.place ?? 0)) this.soFar = data;
  }

  private record(batch: Batch): void {
    for (const response of batch.responses) {
      const turn = `${batch.timeline_id}/${batch.step_id}/${batch.round}/${response.agent_id}`;
      if (this.turns.has(turn)) continue;
      this.turns.set(turn, { batch: { ...batch, responses: [] }, response });
      if (this.counts(batch)) this.add(response);
    }
  }

  private add(response: LiveResponse): void {
    const arm = this.arm(response.arm);
    arm[response.status === "answered" ? "answered" : "failed"] += 1;
    if (response.status !== "answered") {
      const reason = response.failure ?? response.status;
      this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
    }
    const at = Date.parse(response.responded_at);
    const number = numberOf(response.agent_id);
    this.agents.add(number);
    this.highest = Math.max(this.highest, number);
    this.activity.push([at, number]);
    this.began = Math.min(this.began, at);
    this.ended = Math.max(this.ended, at);
    this.trend.add(response.arm, response.answers);
    this.latest.unshift(response);
    this.latest.length = Math.min(this.latest.length, KEPT);
  }

  private fork(data: Fork): void {
    if (data.timeline.number <= this.timeline.number) return;
    this.timeline = data.timeline;
    this.planned = {};
    this.latest = [];
    this.soFar = null;
    this.activity = [];
    this.began = Number.POSITIVE_INFINITY;
    this.ended = 0;
    this.failures.clear();
    this.trend = new Trend();
    for (const arm of this.arms.values()) arm.answered = arm.failed = 0;
    for (const { batch, response } of this.turns.values()) if (this.counts(batch)) this.add(response);
  }
}
