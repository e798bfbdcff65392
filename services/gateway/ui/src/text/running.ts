// The sentences about a simulation that runs: what it is held up by, what it may spend, who is left out.

export const running = {
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
