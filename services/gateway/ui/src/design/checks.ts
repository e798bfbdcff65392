// What is still missing in a draft, with the node it is about. The platform has the last word: what it refuses is added.

import type { FieldProblem } from "../api/client";
import { asksProtocol, type Study } from "../api/studies";
import { percent, words } from "../format/format";
import { designing } from "../text/designing";
import { text } from "../text/text";
import { hasOptions } from "./catalogue";
import type { Metric } from "./draft";
import { marginsOf, metricsOf, requestsOf, segmentsOf, totalOf } from "./edits";
import type { NodeId } from "./graph";

/** A node, or the study as a whole. */
export type Subject = NodeId | "study";

export interface Issue {
  node: Subject;
  message: string;
}

/** As far as the platform lets shares that were rounded sum away from 1. */
const ROUNDING = 0.02;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_ .-]*$/;

export function issuesOf(study: Study): Issue[] {
  if (asksProtocol(study)) return [...population(study), ...protocol(study)];
  return [...population(study), ...intervention(study), ...analysis(study)];
}

function population(study: Study): Issue[] {
  const found: Issue[] = [];
  const { size, name, demographic_base } = study.population;
  if (!name.trim()) found.push({ node: "population", message: text.design.checks.name });
  if (!demographic_base) found.push({ node: "template", message: text.design.checks.template });
  const used = segmentsOf(study).reduce((sum, one) => sum + one.size, 0);
  if (used > size) found.push({ node: "population", message: text.design.checks.tooLarge(used, size) });
  for (const [trait, margin] of Object.entries(marginsOf(study))) {
    const wrong = (message: string) => found.push({ node: "population", message });
    const total = totalOf(margin);
    if (Math.abs(total - 1) > ROUNDING) wrong(designing.wrongTotal(words(trait), percent(total)));
    if (!margin.source.trim()) wrong(designing.noSource(words(trait)));
  }
  segmentsOf(study).forEach((one, index) => {
    const node: NodeId = `segment:${index}`;
    if (!NAME.test(one.name)) found.push({ node, message: text.design.checks.name });
    if (segmentsOf(study).findIndex((other) => other.name === one.name) < index) {
      found.push({ node, message: text.design.checks.twice(one.name) });
    }
  });
  return found;
}

function intervention(study: Study): Issue[] {
  const found: Issue[] = [];
  const { variants, name } = study.intervention;
  if (!name.trim()) found.push({ node: "intervention", message: text.design.checks.name });
  if (!variants.length) found.push({ node: "intervention", message: text.design.checks.noVariant });
  variants.forEach((one, index) => {
    const node: NodeId = `variant:${index}`;
    if (!NAME.test(one.name)) found.push({ node, message: text.design.checks.name });
    if (![one, ...(one.touchpoints ?? [])].some((shown) => shown.content?.trim()))
      found.push({ node, message: text.design.checks.content(one.name) });
    for (const contact of one.touchpoints ?? []) {
      found.push(...questions(node, contact.metrics ?? []));
      if (!contact.content.trim()) found.push({ node, message: designing.contactEmpty(contact.name ?? "", one.name) });
    }
    if (variants.findIndex((other) => other.name === one.name) < index) {
      found.push({ node, message: text.design.checks.twice(one.name) });
    }
  });
  return found;
}

function protocol(study: Study): Issue[] {
  return requestsOf(study).flatMap((one, index): Issue[] => {
    const node: NodeId = `request:${index}`;
    if ("touchpoints" in one) {
      const empty = one.touchpoints.filter((contact) => !contact.content?.trim() && !contact.metrics?.length);
      return [
        ...empty.map((contact): Issue => ({ node, message: text.design.checks.content(contact.name) })),
        ...questions(
          node,
          one.touchpoints.flatMap((contact) => contact.metrics ?? []),
        ),
      ];
    }
    const said = "topic" in one ? one.topic : one.content;
    const asked = questions(node, one.metrics ?? []);
    return said.trim() ? asked : [{ node, message: designing.saysNothing(index + 1) }, ...asked];
  });
}

function analysis(study: Study): Issue[] {
  const metrics = metricsOf(study);
  if (!metrics.length) return [{ node: "analysis", message: text.design.checks.noMetric }];
  return questions("analysis", metrics);
}

/** What is missing in the questions of one's own that are asked there. */
function questions(node: NodeId, metrics: Metric[]): Issue[] {
  return metrics.flatMap((one): Issue[] => {
    if (typeof one === "string") return [];
    const found: Issue[] = [];
    if (!one.question.trim()) found.push({ node, message: text.design.checks.question(one.name) });
    if (hasOptions(one.type) && (one.options ?? []).length < 2) {
      found.push({ node, message: designing.fewOptions(words(one.name)) });
    }
    return found;
  });
}

type Judged = { is_hopeless: boolean } | null | undefined;
type Read = { name: string; not_understood: string[] }[];

/** What does not keep a study from running and makes it worth less: it is known where it is shown, and said here too. */
export function doubtsOf(study: Study, power: Judged, segments: Read): Issue[] {
  const unread = segmentsOf(study).flatMap((segment, index): Issue[] => {
    const parts = segments.find((one) => one.name === segment.name)?.not_understood ?? [];
    const node: NodeId = `segment:${index}`;
    return parts.map((part) => ({ node, message: designing.unread(words(segment.name), part) }));
  });
  return power?.is_hopeless ? [...unread, { node: "analysis", message: designing.hopeless }] : unread;
}

/** What is allowed and may not be meant. */
export const oddFields = (fields: Pick<FieldProblem, "field" | "message">[]): Issue[] =>
  fields.map((one) => ({ node: nodeOf(one), message: one.message }));

/** What the platform refuses, at the node its field belongs to. */
export function wrongFields(fields: FieldProblem[]): Issue[] {
  return fields.map((one) => ({ node: nodeOf(one), message: `${one.field}: ${one.message}` }));
}

function nodeOf({ field }: Pick<FieldProblem, "field">): Subject {
  if (/^(name|description|seed|model|engine)$/.test(field)) return "study";
  const numbered = /(segments|variants)\.(\d+)/.exec(field);
  const asked = /^protocol\.(\d+)/.exec(field);
  if (asked) return `request:${Number(asked[1])}`;
  if (numbered) return `${numbered[1] === "segments" ? "segment" : "variant"}:${Number(numbered[2])}`;
  if (field.includes("success_metrics") || /alpha|mde|correction/.test(field)) return "analysis";
  return /population|size|demographic|eligibility/.test(field) ? "population" : "intervention";
}
