// What the answers so far amount to: values with intervals that hold at every look, and what they are worth.

import { el, percent } from "./view.js";
import { estimatesTable, evidenceBox, formats } from "./verdict.js";

export function drawLive(panel, found, arms) {
  const { estimates, evidence } = found;
  panel.hidden = !estimates.length;
  if (panel.hidden) return;
  const holds = estimates.some((one) => one.method.includes("every look"));
  const level = percent(found.confidence_level, 0);
  panel.replaceChildren(
    el("h2", { id: "so-far-title", text: "So far" }),
    evidenceBox(evidence),
    estimatesTable(estimates, arms, formats(estimates)),
    el("p", { class: "fine", text: `${holds ? `Intervals at ${level} that hold at every look, so looking early costs nothing.` : `Intervals at ${level} of the answers that are there.`} Nothing is compared and nothing is decided before the planned number has answered.` }));
}
