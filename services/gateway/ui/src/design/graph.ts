// A study as a graph: what its nodes are, what may be joined to what, and where a node stands that nobody has moved.
// template → population → segment → intervention → variant → analysis, or → request → request

import { asksProtocol, type Study } from "../api/studies";
import type { Place } from "./draft";
import { type Addable, requestsOf, segmentsOf, targetsOf } from "./edits";

export type Kind = "template" | "population" | "segment" | "intervention" | "variant" | "analysis" | "request";
export type NodeId =
  | "template"
  | "population"
  | "intervention"
  | "analysis"
  | `segment:${number}`
  | `variant:${number}`
  | `request:${number}`;

export interface Edge {
  from: NodeId;
  to: NodeId;
  /** Whether it may be taken away: only whom an intervention is for. */
  isLoose: boolean;
}

const COLUMNS: Kind[] = ["template", "population", "segment", "intervention", "variant", "analysis"];
const [WIDE, HIGH] = [236, 118];

export const kindOf = (id: string): Kind => id.split(":")[0] as Kind;
export const indexOf = (id: string): number => Number(id.split(":")[1] ?? 0);

export function nodesOf(study: Study): NodeId[] {
  const people: NodeId[] = [
    "template",
    "population",
    ...segmentsOf(study).map((_, index): NodeId => `segment:${index}`),
  ];
  if (asksProtocol(study)) return [...people, ...requestsOf(study).map((_, index): NodeId => `request:${index}`)];
  return [
    ...people,
    "intervention",
    ...study.intervention.variants.map((_, index): NodeId => `variant:${index}`),
    "analysis",
  ];
}

/** The node whose form has what is added next. */
export function nodeAdded(study: Study, name: Addable): NodeId {
  if (name === "question") return "analysis";
  if (name === "segment") return `segment:${segmentsOf(study).length}`;
  if (name === "variant") return `variant:${study.intervention.variants.length}`;
  return `request:${requestsOf(study).length}`;
}

export function edgesOf(study: Study): Edge[] {
  const segments = segmentsOf(study);
  if (asksProtocol(study)) return protocolEdges(study);
  const targets = targetsOf(study);
  const edges: Edge[] = [{ from: "template", to: "population", isLoose: false }];
  segments.forEach((one, index) => {
    edges.push({ from: "population", to: `segment:${index}`, isLoose: false });
    if (targets.includes(one.name)) edges.push({ from: `segment:${index}`, to: "intervention", isLoose: true });
  });
  if (!targets.length) edges.push({ from: "population", to: "intervention", isLoose: false });
  study.intervention.variants.forEach((_, index) => {
    edges.push({ from: "intervention", to: `variant:${index}`, isLoose: false });
    edges.push({ from: `variant:${index}`, to: "analysis", isLoose: false });
  });
  return edges;
}

/** One after the other, beginning with the people. */
function protocolEdges(study: Study): Edge[] {
  const edges: Edge[] = [{ from: "template", to: "population", isLoose: false }];
  segmentsOf(study).forEach((_, index) => {
    edges.push({ from: "population", to: `segment:${index}`, isLoose: false });
  });
  requestsOf(study).forEach((_, index) => {
    edges.push({ from: index ? `request:${index - 1}` : "population", to: `request:${index}`, isLoose: false });
  });
  return edges;
}

/** The only connection that is somebody's choice: a segment that the intervention is for. */
export const mayConnect = (from: string, to: string): boolean => kindOf(from) === "segment" && to === "intervention";

export function placesOf(study: Study, moved: Record<string, Place>): Record<string, Place> {
  const nodes = nodesOf(study);
  const hasSegments = segmentsOf(study).length > 0;
  const columns = COLUMNS.filter((kind) => hasSegments || kind !== "segment");
  const tallest = Math.max(...columns.map((kind) => nodes.filter((id) => kindOf(id) === kind).length));
  return Object.fromEntries(
    nodes.map((id) => {
      const kind = kindOf(id);
      if (kind === "request") {
        const place = { x: (indexOf(id) + (hasSegments ? 3 : 2)) * WIDE, y: ((tallest - 1) * HIGH) / 2 };
        return [id, moved[id] ?? place];
      }
      const beside = nodes.filter((one) => kindOf(one) === kind);
      const top = ((tallest - beside.length) * HIGH) / 2;
      const place = { x: columns.indexOf(kind) * WIDE, y: top + beside.indexOf(id) * HIGH };
      return [id, moved[id] ?? place];
    }),
  );
}
