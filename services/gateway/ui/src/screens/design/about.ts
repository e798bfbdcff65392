// What a node is called and what stands in it.

import type { Study } from "../../api/studies";
import { metricsOf, nameOf, requestsOf, segmentsOf, targetsOf } from "../../design/edits";
import { indexOf, kindOf, type NodeId } from "../../design/graph";
import { count, words } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";

export function aboutNode(study: Study, node: NodeId): { kind: string; name: string; about: string } {
  const kind = kindOf(node);
  const label = kind === "request" ? designing.request : text.design.kinds[kind];
  const index = indexOf(node);
  const { population, intervention } = study;
  const segment = segmentsOf(study)[index];
  const variant = intervention.variants[index];
  switch (kind) {
    case "template":
      return { kind: label, name: words(population.demographic_base), about: text.design.templateAbout };
    case "population":
      return { kind: label, name: population.name, about: text.design.people(population.size) };
    case "segment":
      return { kind: label, name: words(segment?.name), about: text.design.people(segment?.size ?? 0) };
    case "intervention":
      return {
        kind: label,
        name: intervention.name,
        about: targetsOf(study).length ? targetsOf(study).map(words).join(", ") : text.monitor.everybody,
      };
    case "variant":
      return {
        kind: label,
        name: words(variant?.name),
        about: [variant?.channel, variant?.timing].filter(Boolean).map(words).join(" · "),
      };
    case "request": {
      const request = requestsOf(study)[index];
      if (!request) return { kind: label, name: "", about: "" };
      if ("touchpoints" in request) {
        const contacts = request.touchpoints.map((one) => words(one.name)).join(" → ");
        return { kind: designing.requests.journey, name: words(request.name), about: contacts };
      }
      if ("topic" in request) return { kind: words(request.kind), name: request.topic, about: words(request.channel) };
      return { kind: designing.requests.broadcast, name: request.content, about: words(request.channel) };
    }
    case "analysis":
      return {
        kind: label,
        name: metricsOf(study).map(nameOf).map(words).join(", ") || text.design.checks.noMetric,
        about: text.design.metricsAbout(count(metricsOf(study).length)),
      };
  }
}
