// The conclusions of a completed simulation: no number without its evidence.

import { capital, count, el, getJson, number, pValue, percent, signed, svg, words } from "./view.js";

const SHORT = 6; // tables up to this long are shown whole
const FINDINGS = { higher: "higher", lower: "lower", no_clear_difference: "no clear difference", not_estimable: "not estimable" };

export function formats(estimates) {
  const shares = new Set(estimates.filter((one) => one.measure === "proportion").map((one) => one.metric));
  return {
    level: (metric, value) => (shares.has(metric) ? percent(value) : number(value)),
    change: (metric, value) => {
      if (value === null) return "–";
      return signed(value, shares.has(metric) ? (value * 100).toFixed(1) : number(value));
    },
    unit: (metric) => (shares.has(metric) ? " points" : ""),
  };
}

const title = (one) => words(one.metric) + (one.option ? `: ${one.option}` : "");
const range = (interval, show) => (interval ? el("span", { class: "interval", text: `${show(interval[0])} to ${show(interval[1])}` }) : null);

export function estimatesTable(estimates, arms, format) {
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
  const isMinor = (row) => rows.length > SHORT && estimates.some((one) => title(one) === row && one.option);
  const line = (row) => el("tr", { class: isMinor(row) ? "minor" : null }, el("th", { scope: "row", text: row }), ...columns.map((arm) => cell(row, arm)));
  const table = el("table", {},
    el("caption", { text: "Simulated agents in each arm" }),
    el("thead", {}, el("tr", {}, el("th", { scope: "col", text: "Metric" }), ...head)),
    el("tbody", {}, ...rows.map(line)));
  return foldable(table, "Estimates", rows.filter(isMinor).length, "by option");
}

function forest(one, widest, place, text) {
  const x = (value) => 55 + (value / widest) * 50;
  const chart = svg("svg", { viewBox: "0 0 110 22", class: `forest arm-${place}`, role: "img", "aria-label": text });
  chart.append(svg("line", { class: "zero", x1: 55, x2: 55, y1: 1, y2: 21 }));
  if (one.interval && one.difference !== null) {
    chart.append(svg("line", { class: "range", x1: x(one.interval[0]), x2: x(one.interval[1]), y1: 11, y2: 11 }),
      svg("circle", { class: "point", cx: x(one.difference), cy: 11, r: 4 }));
  }
  return chart;
}

function comparisonsTable(comparisons, arms, format) {
  const isClear = (one) => one.finding === "higher" || one.finding === "lower";
  const widest = (metric) => Math.max(1e-9, ...comparisons.filter((one) => one.metric === metric && one.interval).flatMap((one) => one.interval.map(Math.abs)));
  const columns = ["Metric", "Against the baseline", "Difference", "Interval", "Lift", "Adjusted p", "Grade", "Eff. n", "Finding"];
  const numeric = new Set(["Difference", "Lift", "Adjusted p", "Grade", "Eff. n"]);
  const cell = (label, ...content) => el("td", { role: "cell", "data-label": label, class: numeric.has(label) ? "number" : null }, ...content);
  const isMinor = (one) => comparisons.length > SHORT && one.role !== "primary" && !isClear(one);
  const rows = comparisons.map((one) => {
    const difference = format.change(one.metric, one.difference) + (one.difference === null ? "" : format.unit(one.metric));
    const role = one.role === "secondary" ? null : el("span", { class: "interval", text: one.role });
    return el("tr", { role: "row", class: isMinor(one) ? "minor" : null },
      el("th", { scope: "row", role: "rowheader" }, title(one), role),
      cell("Against the baseline", el("span", {}, words(one.arm), el("span", { class: "interval", text: `against ${words(one.baseline)}` }))),
      cell("Difference", el("span", {}, difference, range(one.interval, (value) => format.change(one.metric, value)))),
      cell("Interval", forest(one, widest(one.metric), arms.get(one.arm)?.place ?? 0, `${title(one)}: ${difference}`)),
      cell("Lift", one.relative_lift === null ? "–" : signed(Math.round(one.relative_lift * 100), percent(Math.round(one.relative_lift * 100) / 100, 0))),
      cell("Adjusted p", pValue(one.p_adjusted)),
      cell("Grade", one.evidence.grade),
      cell("Eff. n", number(one.evidence.effective_n)),
      cell("Finding", el("span", { class: `finding ${isClear(one) ? one.finding : "none"}`, text: FINDINGS[one.finding] ?? words(one.finding) })));
  });
  const head = columns.map((label) => el("th", { scope: "col", role: "columnheader", class: numeric.has(label) ? "number" : null, text: label }));
  const table = el("table", { class: "stacking", role: "table" },
    el("caption", { text: "Differences from the baseline" }),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...head)), el("tbody", { role: "rowgroup" }, ...rows));
  return foldable(table, "Comparisons", comparisons.filter(isMinor).length, "without a clear difference");
}

// A table whose minor rows are shown on demand; they are counted, so that nobody thinks there are none.
function foldable(table, label, minor, what) {
  const scroll = el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": label }, table);
  if (!minor) return scroll;
  table.classList.add("folded");
  const button = el("button", { class: "button quiet", type: "button", "aria-expanded": "false", text: `Show ${minor} more ${what}` });
  button.addEventListener("click", () => {
    const isFolded = table.classList.toggle("folded");
    button.setAttribute("aria-expanded", String(!isFolded));
    button.textContent = isFolded ? `Show ${minor} more ${what}` : "Show fewer";
  });
  return el("div", { class: "foldable" }, scroll, button);
}

const sentence = (text) => capital(text) + (/[.!?]$/.test(text) ? "" : ".");
const worth = (people) => (people > 0 ? `Worth about ${number(people)} real people at most.` : "Worth nothing about real people.");

function verdictSentence(text) {
  const [finding, ...rest] = text.split(" — ");
  return el("p", { class: "sentence" }, finding, rest.length ? el("span", { class: "basis", text: capital(rest.join(" — ")) }) : null);
}

export function evidenceBox(evidence) {
  return el("div", { class: `evidence grade-${evidence.grade}` },
    el("div", { class: "grade" }, el("small", { text: "Evidence" }), evidence.grade),
    el("p", {}, el("strong", { text: `${worth(evidence.effective_n)} ` }), sentence(evidence.caveat)));
}

function banner(decision, alarms) {
  if (!decision) return null;
  const raised = alarms.filter((one) => one.is_raised).map((one) => `Alarm: ${words(one.kind)}${one.metric ? ` in ${words(one.metric)}` : ""}${one.arm ? `, ${words(one.arm)}` : ""}.`);
  return el("div", { class: "notice" }, el("strong", { text: decision.headline }),
    el("ul", {}, ...[...raised, ...decision.reasons].map((text) => el("li", { text }))));
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
  const { analysis, decision, alarms } = await getJson(`/results/${id}/aggregate`);
  panel.hidden = false;
  if (!analysis) return;
  const format = formats(analysis.estimates);
  const evidence = (analysis.comparisons[0] ?? analysis.estimates[0])?.evidence;
  const frozen = analysis.plan_frozen_at ? ` at ${analysis.plan_frozen_at.slice(0, 19).replace("T", " ")} UTC` : "";
  const plan = analysis.plan_hash ? `Plan ${analysis.plan_hash.slice(0, 12)}, frozen${frozen}, before the first exposure.` : "";
  const method = evidence ? `Intervals at ${percent(analysis.estimates[0].confidence_level, 0)}; p-values corrected: ${sentence(evidence.correction)} ${sentence(evidence.effective_n_basis)}` : "";
  panel.replaceChildren(...[
    el("h2", { id: "verdict-title", text: "Verdict" }),
    verdictSentence(analysis.verdict),
    evidence ? evidenceBox(evidence) : null,
    banner(decision, alarms),
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
