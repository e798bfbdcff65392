// The conclusions of a completed simulation: no number without its evidence.

import { capital, count, el, getJson, number, pValue, percent, signed, svg, words } from "./view.js";

const FINDINGS = { higher: "higher", lower: "lower", no_clear_difference: "no clear difference", not_estimable: "not estimable" };

function formats(estimates) {
  const shares = new Set(estimates.filter((one) => one.measure === "proportion").map((one) => one.metric));
  return {
    level: (metric, value) => (shares.has(metric) ? percent(value) : number(value)),
    change: (metric, value) => {
      if (value === null) return "–";
      return shares.has(metric) ? signed(value, `${(value * 100).toFixed(1)} points`) : signed(value, number(value));
    },
  };
}

const title = (one) => words(one.metric) + (one.option ? `: ${one.option}` : "");
const range = (interval, show) => (interval ? el("span", { class: "interval", text: `${show(interval[0])} to ${show(interval[1])}` }) : null);

function estimatesTable(estimates, arms, format) {
  const columns = [...new Set(estimates.map((one) => one.arm))];
  const rows = [...new Map(estimates.map((one) => [title(one), one])).keys()];
  const cell = (row, arm) => {
    const one = estimates.find((estimate) => title(estimate) === row && estimate.arm === arm);
    if (!one) return el("td", { class: "number", text: "–" });
    return el("td", { class: "number" }, format.level(one.metric, one.value), range(one.interval, (value) => format.level(one.metric, value)));
  };
  const head = columns.map((arm) => {
    const n = Math.max(...estimates.filter((one) => one.arm === arm).map((one) => one.n));
    return el("th", { class: `number arm-${arms.get(arm)?.place ?? 0}`, scope: "col" }, words(arm), el("br"), `n = ${count(n)}`);
  });
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Estimates" }, el("table", {},
    el("caption", { text: "Simulated agents in each arm" }),
    el("thead", {}, el("tr", {}, el("th", { scope: "col", text: "Metric" }), ...head)),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, el("th", { scope: "row", text: row }), ...columns.map((arm) => cell(row, arm)))))));
}

function forest(one, widest, place, text) {
  const x = (value) => 75 + (value / widest) * 70;
  const chart = svg("svg", { viewBox: "0 0 150 22", class: `forest arm-${place}`, role: "img", "aria-label": text });
  chart.append(svg("line", { class: "zero", x1: 75, x2: 75, y1: 1, y2: 21 }));
  if (one.interval && one.difference !== null) {
    chart.append(svg("line", { class: "range", x1: x(one.interval[0]), x2: x(one.interval[1]), y1: 11, y2: 11 }),
      svg("circle", { class: "point", cx: x(one.difference), cy: 11, r: 4 }));
  }
  return chart;
}

function comparisonsTable(comparisons, arms, format) {
  const isClear = (one) => one.finding === "higher" || one.finding === "lower";
  const widest = (metric) => Math.max(1e-9, ...comparisons.filter((one) => one.metric === metric && one.interval).flatMap((one) => one.interval.map(Math.abs)));
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Comparisons" }, el("table", {},
    el("caption", { text: "Differences from the baseline" }),
    el("thead", {}, el("tr", {},
      ...["Metric", "Arm against baseline"].map((text) => el("th", { scope: "col", text })),
      el("th", { class: "number", scope: "col", text: "Difference" }), el("th", { scope: "col", text: "Interval" }),
      ...["Lift", "Adjusted p", "Worth, people", "Grade"].map((text) => el("th", { class: "number", scope: "col", text })),
      el("th", { scope: "col", text: "Finding" }))),
    el("tbody", {}, ...comparisons.map((one) => {
      const difference = format.change(one.metric, one.difference);
      return el("tr", {},
        el("th", { scope: "row" }, title(one), el("span", { class: "interval muted", text: one.role === "secondary" ? "" : ` ${one.role}` })),
        el("td", { class: "where-arm" }, words(one.arm), el("span", { class: "interval", text: `against ${words(one.baseline)}` })),
        el("td", { class: "number" }, difference, range(one.interval, (value) => format.change(one.metric, value))),
        el("td", {}, forest(one, widest(one.metric), arms.get(one.arm)?.place ?? 0, `${title(one)}: ${difference}`)),
        el("td", { class: "number", text: one.relative_lift === null ? "–" : signed(one.relative_lift, percent(one.relative_lift, 0)) }),
        el("td", { class: "number", text: pValue(one.p_adjusted) }),
        el("td", { class: "number", text: number(one.evidence.effective_n) }),
        el("td", { class: "number", text: one.evidence.grade }),
        el("td", {}, el("span", { class: `finding ${isClear(one) ? one.finding : "none"}`, text: FINDINGS[one.finding] ?? words(one.finding) })));
    }))));
}

function evidenceBox(evidence) {
  return el("div", { class: `evidence grade-${evidence.grade}` },
    el("div", { class: "grade" }, el("small", { text: "Evidence" }), evidence.grade),
    el("p", {}, el("strong", { text: `Worth about ${number(evidence.effective_n)} people at most. ` }), evidence.caveat));
}

function checks(analysis) {
  const notes = [];
  if (analysis.sample_ratio.is_flagged) notes.push("The arms lost people unequally: treat every difference with suspicion.");
  const failed = Object.values(analysis.failed).reduce((sum, one) => sum + one, 0);
  if (failed) notes.push(`${count(failed)} turns failed and are counted as not answered.`);
  return notes.map((text) => el("p", { class: "notice", text }));
}

export async function drawVerdict(panel, status, arms) {
  const id = encodeURIComponent(status.simulation_id);
  const { analysis } = await getJson(`/results/${id}/aggregate`);
  panel.hidden = false;
  if (!analysis) return;
  const format = formats(analysis.estimates);
  const evidence = (analysis.comparisons[0] ?? analysis.estimates[0])?.evidence;
  const frozen = analysis.plan_frozen_at ? ` at ${analysis.plan_frozen_at.slice(0, 19).replace("T", " ")} UTC` : "";
  const plan = analysis.plan_hash ? `Plan ${analysis.plan_hash.slice(0, 12)}, frozen${frozen}, before the first exposure.` : "";
  const method = evidence ? `Intervals at ${percent(analysis.estimates[0].confidence_level, 0)}; p-values corrected: ${evidence.correction}. ${capital(evidence.effective_n_basis)}` : "";
  panel.replaceChildren(...[
    el("h2", { id: "verdict-title", text: "Verdict" }),
    el("p", { class: "sentence", text: analysis.verdict }),
    evidence ? evidenceBox(evidence) : null,
    ...checks(analysis),
    analysis.comparisons.length ? comparisonsTable(analysis.comparisons, arms, format) : null,
    analysis.estimates.length ? estimatesTable(analysis.estimates, arms, format) : null,
    el("p", { class: "fine", text: [plan, method].filter(Boolean).join(" ") }),
    el("p", { class: "links" },
      el("a", { class: "button", href: `/results/${id}/export?format=html`, text: "Open the report" }),
      el("a", { class: "button quiet", href: `/results/${id}/export?format=csv`, text: "CSV", download: `${status.simulation_id}.csv` }),
      el("a", { class: "button quiet", href: `/results/${id}/export?format=json`, text: "JSON", download: `${status.simulation_id}.json` })),
  ].filter(Boolean));
}
