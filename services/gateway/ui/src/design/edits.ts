// What can be done to a study, each as a function from one study to the next. Names stay unique, and what refers to a name
// follows it when it changes.

import { asksProtocol, type Intervention, type Request, type Study } from "../api/studies";
import { designing } from "../text/designing";
import { text } from "../text/text";
import { neededBy, roleOf } from "./catalogue";
import type { Margin, Metric, Segment, Variant } from "./draft";

type Population = Study["population"];

/** Everybody in a population has a number. */
export const FIRST_AGENT = "agent_0001";

export const setStudy =
  (change: Partial<Study>) =>
  (study: Study): Study => ({ ...study, ...change });

export const setPopulation =
  (change: Partial<Population>) =>
  (study: Study): Study => ({ ...study, population: { ...study.population, ...change } });

export const setIntervention =
  (change: Partial<Intervention>) =>
  (study: Study): Study => ({ ...study, intervention: { ...study.intervention, ...change } });

export const segmentsOf = (study: Study): Segment[] => study.population.segments ?? [];
export const targetsOf = (study: Study): string[] => study.intervention.target_segments ?? [];
export const metricsOf = (study: Study): Metric[] => study.intervention.success_metrics as Metric[];
export const marginsOf = (study: Study): Record<string, Margin> => study.population.margins ?? {};
export const totalOf = (margin: Margin): number =>
  Object.values(margin.shares as Record<string, number>).reduce((sum, one) => sum + one, 0);
export const requestsOf = (study: Study): Request[] => study.protocol ?? [];
export const nameOf = (metric: Metric): string => (typeof metric === "string" ? metric : metric.name);

const free = (stem: string, taken: string[]): string => {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? stem : `${stem}_${number}`;
    if (!taken.includes(name)) return name;
  }
};

export const replaced = <T>(list: T[], place: number, change: Partial<T>): T[] =>
  list.map((one, index) => (index === place ? { ...one, ...change } : one));

export const addSegment = (study: Study): Study => {
  const segments = segmentsOf(study);
  const rest = study.population.size - segments.reduce((sum, one) => sum + one.size, 0);
  const name = free(
    "segment",
    segments.map((one) => one.name),
  );
  const size = Math.max(1, Math.round(Math.max(rest, 1) / 2));
  return setPopulation({ segments: [...segments, { name, size, particularities: "", fragments: [] }] })(study);
};

export const setSegment =
  (place: number, change: Partial<Segment>) =>
  (study: Study): Study => {
    const before = segmentsOf(study)[place]?.name;
    const next = setPopulation({ segments: replaced(segmentsOf(study), place, change) })(study);
    if (change.name === undefined || before === undefined) return next;
    const targets = targetsOf(study).map((one) => (one === before ? (change.name ?? one) : one));
    return setIntervention({ target_segments: targets })(next);
  };

export const removeSegment =
  (place: number) =>
  (study: Study): Study => {
    const name = segmentsOf(study)[place]?.name;
    const next = setPopulation({ segments: segmentsOf(study).filter((_, index) => index !== place) })(study);
    return setIntervention({ target_segments: targetsOf(study).filter((one) => one !== name) })(next);
  };

/** Null takes the template's again. */
export const setMargin =
  (name: string, margin: Margin | null) =>
  (study: Study): Study => {
    const { [name]: _, ...others } = marginsOf(study);
    const margins = margin ? { ...marginsOf(study), [name]: margin } : others;
    return setPopulation({ margins: Object.keys(margins).length ? margins : null })(study);
  };

/** What is worth finding of a metric; null: what the platform takes. */
export const setWorth =
  (name: string, worth: number | null) =>
  (study: Study): Study => {
    const { [name]: _, ...others } = study.intervention.mde ?? {};
    return setIntervention({ mde: worth ? { ...others, [name]: worth } : others })(study);
  };

export const setTarget =
  (segment: string, isTarget: boolean) =>
  (study: Study): Study => {
    const others = targetsOf(study).filter((one) => one !== segment);
    return setIntervention({ target_segments: isTarget ? [...others, segment] : others })(study);
  };

export const addVariant = (study: Study): Study => {
  const { variants } = study.intervention;
  const name = free(
    "variant",
    variants.map((one) => one.name),
  );
  const like = variants.at(-1);
  const added = {
    name,
    content: "",
    timing: like?.timing ?? "immediate",
    channel: like ? like.channel : "email",
  } as Variant;
  return setIntervention({ variants: [...variants, added] })(study);
};

export const setVariant =
  (place: number, change: Partial<Variant>) =>
  (study: Study): Study => {
    const variants = replaced(study.intervention.variants, place, change);
    const only = change.is_control ? variants.map((one, index) => ({ ...one, is_control: index === place })) : variants;
    return setIntervention({ variants: only })(study);
  };

export const removeVariant =
  (place: number) =>
  (study: Study): Study =>
    setIntervention({ variants: study.intervention.variants.filter((_, index) => index !== place) })(study);

/** A variant that is one message as the first of a sequence of contacts. */
export const asSequence = ({ content, format, media, after, channel, timing }: Variant): Partial<Variant> => ({
  content: undefined,
  format: undefined,
  media: undefined,
  after: undefined,
  touchpoints: [
    { name: "first", content: content ?? "", format, media, channel, timing, after },
    { name: "second", content: "", channel, timing, after: "P2D" },
  ] as Variant["touchpoints"],
});

/** A sequence as its first contact alone. */
export function asMessage({ touchpoints }: Variant): Partial<Variant> {
  const { content, format, media, channel, timing, after } = touchpoints?.[0] ?? {};
  const kept = { format, media, after: after ?? undefined, channel: channel ?? "email", timing: timing ?? "immediate" };
  return { ...kept, content: content ?? "", touchpoints: undefined };
}

export const REQUESTS = {
  broadcast: { content: "", channel: "survey", metrics: [] },
  talk: { kind: "focus_group", topic: "", prompts: [], groups: 1, metrics: [] },
  journey: { name: "journey", touchpoints: [{ name: "first", content: "", channel: "email", metrics: [] }] },
} as unknown as Record<"broadcast" | "talk" | "journey", Request>;

const setRequests = (protocol: Request[]) => setStudy({ protocol });

export const addRequest = (kind: keyof typeof REQUESTS) => (study: Study) =>
  setRequests([...requestsOf(study), REQUESTS[kind]])(study);

export const setRequest = (place: number, next: Request) => (study: Study) =>
  setRequests(requestsOf(study).map((one, index) => (index === place ? next : one)))(study);

export const removeRequest = (place: number) => (study: Study) =>
  setRequests(requestsOf(study).filter((_, index) => index !== place))(study);

/** Asked one place earlier. */
export const raiseRequest = (place: number) => (study: Study) => {
  const requests = [...requestsOf(study)];
  requests.splice(place - 1, 0, ...requests.splice(place, 1));
  return setRequests(requests)(study);
};

/** A metric after all that have to be true before it is asked, the first of them first. */
export function chainOf(metric: Metric, metrics: Metric[]): string[] {
  const chain = [nameOf(metric)];
  for (let needed = neededBy(metric); needed && !chain.includes(needed); ) {
    chain.unshift(needed);
    const name = needed;
    needed = neededBy(metrics.find((one) => nameOf(one) === name) ?? name);
  }
  return chain;
}

/** With a metric of the catalogue and what it needs; or without it and what needs it. */
export function toggled(metrics: Metric[], name: string): Metric[] {
  const names = metrics.map(nameOf);
  if (names.includes(name)) return metrics.filter((one) => !chainOf(one, metrics).includes(name));
  return [...metrics, ...chainOf(name, metrics).filter((one) => !names.includes(one))];
}

/** Those that the verdict is about: the ones that say so, or the first that has no other role. */
export function primaryOf(metrics: Metric[]): string[] {
  const declared = metrics.filter((one) => roleOf(one) === "primary");
  return (declared.length ? declared : metrics.filter((one) => !roleOf(one)).slice(0, 1)).map(nameOf);
}

/** With this one first, and no other that says it is primary. */
export function madePrimary(metrics: Metric[], place: number): Metric[] {
  const plain = metrics.map((one, other) =>
    typeof one !== "string" && (other === place || one.role === "primary") ? { ...one, role: null, margin: null } : one,
  );
  return [...plain.slice(place, place + 1), ...plain.filter((_, other) => other !== place)];
}

export const setMetrics =
  (metrics: Metric[]) =>
  (study: Study): Study =>
    setIntervention({ success_metrics: metrics as Intervention["success_metrics"] })(study);

/** With a question of one's own. */
export function withQuestion(metrics: Metric[]): Metric[] {
  const name = free("question", metrics.map(nameOf));
  return [...metrics, { name, type: "ordinal", question: "", scale: [1, 7] } as unknown as Metric];
}

const addQuestion = (study: Study): Study => setMetrics(withQuestion(metricsOf(study)))(study);

/** One variant of a study with a few people, beside nothing else. */
export function trialOf(study: Study, index: number): Study {
  const variant = study.intervention.variants[index];
  const pilot = pilotOf(study);
  const only = { variants: variant ? [{ ...variant, is_control: false }] : [], design: "between" as const };
  return { ...pilot, intervention: { ...pilot.intervention, ...only, mde: {}, aa: false } };
}

/** What is asked, of a few people: nobody is named who is not among them, and they talk in one group. */
function withFew(one: Request, segments: string[], people: number): Request {
  const asked = {
    ...one,
    target_segments: one.target_segments?.filter((name) => segments.includes(name)),
    agent_ids: [],
  };
  if (!("topic" in asked)) return asked;
  const interviewer_id = asked.kind === "interview" ? FIRST_AGENT : undefined;
  return { ...asked, interviewer_id, groups: 1, group_size: Math.min(asked.group_size ?? people, people) };
}

/** The same study with a few people: what it would be like, before it costs anything. */
export function pilotOf(study: Study, people = 5): Study {
  const targets = targetsOf(study);
  const wanted = segmentsOf(study).filter((one) => !targets.length || targets.includes(one.name));
  const kept = wanted.slice(0, people);
  const segments = kept.map((one, index) => ({
    ...one,
    size: Math.floor(people / kept.length) + (index < people % kept.length ? 1 : 0),
  }));
  const named = (name: string) => `${name} (pilot)`.slice(0, 120);
  const protocol = study.protocol?.map((one) =>
    withFew(
      one,
      kept.map((segment) => segment.name),
      people,
    ),
  );
  return {
    ...study,
    ...(protocol ? { protocol } : {}),
    name: named(study.name),
    population: { ...study.population, name: named(study.population.name), size: people, segments },
    intervention: {
      ...study.intervention,
      name: named(study.intervention.name),
      target_segments: targets.filter((one) => kept.some((segment) => segment.name === one)),
    },
  };
}

/** What can be added, by name. */
export const ADDABLE = {
  segment: addSegment,
  variant: addVariant,
  question: addQuestion,
  broadcast: addRequest("broadcast"),
  talk: addRequest("talk"),
  journey: addRequest("journey"),
} as const;
export type Addable = keyof typeof ADDABLE;

/** What can be added to a study, with its label: to one that asks other things than to one that tries. */
export function addable(study: Study): [Addable, string][] {
  const labels: Record<Addable, string> = { ...text.design.add, ...designing.requests };
  const names: Addable[] = asksProtocol(study)
    ? ["segment", "broadcast", "talk", "journey"]
    : ["segment", "variant", "question"];
  return names.map((name) => [name, labels[name]]);
}
