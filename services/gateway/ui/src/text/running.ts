// The sentences about a simulation that runs: what it is held up by, what it may spend, who is left out.

import { count } from "../format/format";

export const running = {
  turns: (answered: number, planned: number, people: number) =>
    `${count(answered)} of ${count(planned)} turns answered, by ${count(people)} people`,
  skipped: (turns: number, byCondition: boolean) =>
    byCondition
      ? `${count(turns)} did not meet the condition and were not asked.`
      : `${count(turns)} were not asked: they did not meet a condition, or no answer was wanted.`,
  caps: { cost_usd: "cost", calls: "model calls", tokens: "tokens" },
  capOn: "Cap on",
  newCap: "New cap",
  setCap: "Set",
  raise: "Raise it and go on",
  held: (spent: string, cap: string, what: string) =>
    `${spent} of ${cap} (${what}) are spent. A higher cap lets it go on by itself; Go on alone pauses it again at once.`,
  heldAbove:
    "It is not a cap of its own that is spent. Whoever runs the platform can raise that budget; Go on before that pauses it again at once.",
};
