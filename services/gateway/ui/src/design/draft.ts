// The study somebody is designing: kept in this browser at every change, with what was before it for undo and redo.
// One that the platform keeps is sent there too, as the draft of a study. A draft is never what runs: that is a version.

import { useSyncExternalStore } from "react";
import { documentOf, type Intervention, type Study } from "../api/studies";

export type Variant = Intervention["variants"][number];
export type Segment = Study["population"]["segments"][number];
export type Metric = Intervention["success_metrics"][number];
export type Question = Exclude<Metric, string>;
export type Screen = Exclude<NonNullable<Study["population"]["eligibility"]>, string>;
export type Margin = NonNullable<Study["population"]["margins"]>[string];
export type Place = { x: number; y: number };

export interface Draft {
  study: Study;
  /** Where nodes were put by hand; everything else finds its place by itself. */
  places: Record<string, Place>;
  /** Id of the study that the platform keeps of it. */
  kept?: string | undefined;
  /** What was sent there last: only what differs from it is a change. */
  saved?: string | undefined;
  /** The same for all that came from one beginning. */
  line: number;
}

const NAME = "rehearsal.draft";
const KEPT = 100;

export const BLANK: Study = {
  name: "My study",
  description: "",
  seed: 1,
  model: "offline",
  engine: "native",
  population: { name: "My people", demographic_base: "usa_demographics", size: 100, segments: [] },
  intervention: {
    name: "My study",
    type: "marketing_intervention",
    variants: [
      { name: "a", content: "", timing: "morning", channel: "email" },
      { name: "b", content: "", timing: "morning", channel: "email" },
    ],
    target_segments: [],
    success_metrics: ["open_rate"],
  },
} as unknown as Study;

/** A study that asks instead of trying. */
export const PROTOCOL: Study = {
  ...BLANK,
  protocol: [{ content: "", channel: "survey", metrics: [] }],
} as unknown as Study;

let lines = 0;
let past: Draft[] = [];
let future: Draft[] = [];
let present: Draft = stored();
let listeners: (() => void)[] = [];

function stored(): Draft {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? "null") as Draft | null;
    if (kept?.study?.population && kept.study.intervention) return { ...kept, places: kept.places ?? {}, line: 0 };
  } catch {
    // a draft that cannot be read is no draft
  }
  return { study: BLANK, places: {}, line: 0 };
}

function show(draft: Draft): void {
  present = draft;
  localStorage.setItem(NAME, JSON.stringify(draft));
  for (const listener of listeners) listener();
}

export function change(make: (study: Study) => Study): void {
  const study = make(present.study);
  if (study === present.study) return;
  past = [...past.slice(-KEPT), present];
  future = [];
  show({ ...present, study });
}

/** `kept`: what the platform keeps is exactly this. */
export function open(study: Study, kept?: string): void {
  past = [...past.slice(-KEPT), present];
  future = [];
  lines += 1;
  show({ study, places: {}, kept, saved: kept && fileOf(study), line: lines });
}

/** Notes which study the platform keeps of the present draft, and of all that it was and may be again. */
export function keepAs(kept: string | undefined, saved?: string): void {
  const { line } = present;
  note((one) => (one.line === line ? { ...one, kept, saved } : one));
}

/** Notes what was sent of a kept study last, whatever is open by now. */
export const noteSaved = (kept: string, saved: string): void =>
  note((one) => (one.kept === kept ? { ...one, saved } : one));

function note(noted: (one: Draft) => Draft): void {
  past = past.map(noted);
  future = future.map(noted);
  show(noted(present));
}

/** A study as it is sent. */
export const fileOf = (study: Study): string => JSON.stringify(documentOf(study));

export const move = (node: string, place: Place): void =>
  show({ ...present, places: { ...present.places, [node]: place } });
export const tidy = (): void => show({ ...present, places: {} });

export function undo(): void {
  const before = past.at(-1);
  if (!before) return;
  past = past.slice(0, -1);
  future = [present, ...future];
  show(before);
}

export function redo(): void {
  const after = future[0];
  if (!after) return;
  future = future.slice(1);
  past = [...past, present];
  show(after);
}

export function useDraft(): Draft & { canUndo: boolean; canRedo: boolean } {
  const draft = useSyncExternalStore(subscribe, () => present);
  return { ...draft, canUndo: past.length > 0, canRedo: future.length > 0 };
}

function subscribe(listener: () => void): () => void {
  listeners = [...listeners, listener];
  return () => {
    listeners = listeners.filter((one) => one !== listener);
  };
}
