// One simulation, live. Everything is built from its events; an event that comes twice changes nothing.

import { TERMINAL, badge, bar, byId, capital, connection, count, dollars, el, getJson, report, throttled, when, words } from "./view.js";
import { Trend, drawTrend } from "./trend.js";
import { drawLive } from "./live.js";
import { drawVerdict } from "./verdict.js";

const KEPT = 40;
const id = new URLSearchParams(location.search).get("id") || location.hash.slice(1);
const run = { status: null, state: null, arms: new Map(), steps: new Map(), planned: {}, timeline: { timeline_id: "main", number: 1, ancestors: [] }, turns: new Map(), latest: [], usage: null, deliveries: new Map(), metrics: [], trend: new Trend(), soFar: null };
let isPaused = false;
let misses = 0;

function arm(name) {
  if (!run.arms.has(name)) run.arms.set(name, { name, place: run.arms.size % 6, answered: 0, failed: 0, stimulus: null });
  return run.arms.get(name);
}

// Whether what happened there is part of the present timeline: after a restore some is not any more.
const counts = ({ timeline_id, place }) => timeline_id === run.timeline.timeline_id
  || run.timeline.ancestors.some((one) => one.timeline_id === timeline_id && place <= one.through);
const planned = (name) => Math.max(run.planned[name] ?? 0, [...run.steps.values()].filter(counts).reduce((sum, step) => sum + (step.planned[name] ?? 0), 0));
const sum = (key) => [...run.arms.values()].reduce((total, one) => total + one[key], 0);

const apply = {
  "simulation-state-changed"(data) {
    run.state = data.state;
    run.planned = data.planned ?? {};
    run.usage = data.usage;
    for (const name of Object.keys(run.planned)) arm(name);
    drawHead(data.reason);
    if (TERMINAL.has(data.state)) finish();
  },
  "step-started"(data) {
    run.steps.set(`${data.step_id}/${data.round}`, data);
    for (const [name, stimulus] of Object.entries(data.stimuli)) arm(name).stimulus = stimulus;
    for (const name of Object.keys(data.planned)) arm(name);
    for (const metric of data.metrics) if (!run.metrics.some((known) => known.name === metric.name)) run.metrics.push(metric);
    offerMetrics();
  },
  "delivery-completed"(data) {
    run.deliveries.set(data.delivery_id, data.usage);
  },
  "responses-recorded"(data) {
    for (const response of data.responses) {
      const turn = `${data.timeline_id}/${data.step_id}/${data.round}/${response.agent_id}`;
      if (run.turns.has(turn)) continue;
      // Only an interactive simulation can go back, and then what its turns said is needed again.
      const { timeline_id, place } = data;
      const taken = { timeline_id, place, response: run.status.intervention_id ? null : response };
      run.turns.set(turn, taken);
      if (counts(taken)) add(response);
    }
  },
  "aggregates-changed"(data) {
    if (data.timeline_id === run.timeline.timeline_id && data.place >= (run.soFar?.place ?? 0)) run.soFar = data;
  },
  "timeline-forked"(data) {
    if (data.timeline.number <= run.timeline.number) return;
    run.timeline = data.timeline;
    run.planned = {};
    run.latest = [];
    run.trend = new Trend();
    run.soFar = null;
    for (const one of run.arms.values()) one.answered = one.failed = 0;
    for (const turn of run.turns.values()) if (turn.response && counts(turn)) add(turn.response);
  },
};

function add(response) {
  arm(response.arm)[response.status === "answered" ? "answered" : "failed"] += 1;
  run.trend.add(response.arm, response.answers);
  run.latest.unshift(response);
  run.latest.length = Math.min(run.latest.length, KEPT);
}

function offerMetrics() {
  const choose = byId("metric");
  const usable = run.metrics.filter((metric) => ["binary", "ordinal", "numeric"].includes(metric.type));
  if (choose.options.length === usable.length) return;
  const chosen = choose.value || usable.find((metric) => metric.role === "primary")?.name;
  choose.replaceChildren(...usable.map((metric) => el("option", { value: metric.name, text: words(metric.name), selected: metric.name === chosen })));
  byId("choose").hidden = usable.length < 2;
}

function drawHead(reason) {
  const { status } = run;
  document.title = `${status.name} · Rehearsal`;
  byId("name").textContent = status.name;
  byId("meta").replaceChildren(
    badge(run.state),
    el("span", { text: status.model === "offline" ? "offline model (a choice model, not a language model)" : `model ${status.model}` }),
    el("span", { text: `seed ${status.seed}` }),
    el("span", {}, "started ", when(status.created_at)),
    el("span", { class: "id", text: status.simulation_id }));
  byId("reason").hidden = !reason;
  byId("reason").textContent = reason ? `${capital(words(run.state))}: ${reason}` : "";
}

function drawProgress() {
  const total = [...run.arms.keys()].reduce((all, name) => all + planned(name), 0);
  const done = sum("answered") + sum("failed");
  const failed = sum("failed");
  byId("counts").replaceChildren(
    total ? `${count(sum("answered"))} of ${count(total)} answered` : "The people are being drawn and assigned.",
    failed ? el("span", { class: "failed", text: ` · ${count(failed)} failed` }) : "");
  byId("overall").replaceChildren(bar(done, total, "All responses"));
  byId("arms").replaceChildren(...[...run.arms.values()].map(drawArm));
}

function drawArm(one) {
  const name = words(one.name === "all" ? "everybody" : one.name);
  const total = planned(one.name);
  const done = one.answered + one.failed;
  return el("div", { class: `arm arm-${one.place}` },
    el("div", { class: "arm-name" },
      el("span", { class: "swatch", "aria-hidden": "true" }), el("span", { class: "label", text: name, title: name }),
      el("span", { class: "counts", text: total ? `${count(one.answered)} / ${count(total)}` : count(one.answered) })),
    bar(done, total, `Responses in ${name}`, one.place),
    one.stimulus ? el("p", { class: "where", text: `${words(one.stimulus.channel)} · ${words(one.stimulus.timing)}${one.failed ? ` · ${count(one.failed)} failed` : ""}` }) : null,
    one.stimulus ? el("blockquote", { text: one.stimulus.content }) : null);
}

function mood(sentiment) {
  if (sentiment === null || sentiment === undefined) return null;
  return sentiment > 0.2 ? "likes it" : sentiment < -0.2 ? "dislikes it" : "is neutral";
}

function answer([name, value]) {
  if (value === null) return null;
  if (typeof value === "boolean") return el("span", { class: value ? "yes" : null, text: `${words(name)}: ${value ? "yes" : "no"}` });
  return el("span", { text: `${words(name)}: ${Array.isArray(value) ? value.join(" › ") : value}` });
}

function drawTicker() {
  byId("silence").hidden = run.latest.length > 0;
  if (isPaused) return;
  byId("ticker").replaceChildren(...run.latest.map((response) => {
    const said = response.status === "answered" ? response.response : `No answer: ${response.failure ?? "the turn failed"}`;
    const facts = [words(response.segment), words(response.arm), mood(response.sentiment)].filter(Boolean);
    return el("li", { class: `arm-${arm(response.arm).place}` },
      el("div", { class: "who" }, el("strong", { text: response.name }), el("span", { text: facts.join(" · ") })),
      said ? el("p", { text: said }) : null,
      el("div", { class: "answers" }, ...Object.entries(response.answers).map(answer)));
  }));
}

// What the simulation said last, or what its deliveries add up to when that is more (it comes first).
function usageNow() {
  const known = run.usage ?? run.status.usage;
  const total = {};
  for (const one of run.deliveries.values()) for (const [name, value] of Object.entries(one)) total[name] = (total[name] ?? 0) + value;
  const weight = (usage) => (usage.calls ?? 0) + (usage.cached_calls ?? 0);
  return weight(total) > weight(known ?? {}) ? total : known;
}

function drawUsage() {
  const usage = usageNow();
  byId("usage").hidden = !usage;
  if (!usage) return;
  const stats = [["Model calls", count(usage.calls)], ["From the ledger", count(usage.cached_calls)],
    ["Prompt tokens", count(usage.prompt_tokens)], ["Answer tokens", count(usage.completion_tokens)], ["Cost", dollars(usage.cost_usd)]];
  byId("usage-list").replaceChildren(...stats.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))));
}

const draw = throttled(() => {
  drawProgress();
  drawTicker();
  drawUsage();
  if (run.soFar && run.state !== "completed") drawLive(byId("so-far"), run.soFar, run.arms);
  else byId("so-far").hidden = true;
  const metric = run.metrics.find((one) => one.name === byId("metric").value);
  if (metric && run.turns.size) drawTrend(byId("trend"), run.trend, metric, [...run.arms.values()], TERMINAL.has(run.state));
}, 250);

const announce = throttled(() => {
  const total = [...run.arms.keys()].reduce((all, name) => all + planned(name), 0);
  byId("announcer").textContent = `${words(run.state)}. ${count(sum("answered"))} of ${count(total)} answered.`;
}, 5000);

async function finish() {
  announce();
  try {
    run.status = await getJson(`/simulations/${encodeURIComponent(id)}/status`);
    run.usage = run.status.usage;
    draw();
    if (run.state === "completed") await drawVerdict(byId("verdict"), run.status, run.arms);
  } catch (error) {
    report(error);
  }
}

function listen() {
  const source = new EventSource(`/simulations/${encodeURIComponent(id)}/stream`);
  source.onopen = () => { connection(true); report(null); };
  source.onerror = async () => {
    connection(false);
    if (source.readyState !== EventSource.CLOSED) return;
    try {
      const status = await getJson(`/simulations/${encodeURIComponent(id)}/status`);
      if (TERMINAL.has(status.state)) ended();
      else setTimeout(listen, 3000);
    } catch (error) {
      report(error);
      if (error.status !== 404) setTimeout(listen, 3000);
    }
  };
  for (const [name, take] of Object.entries(apply)) {
    source.addEventListener(name, (event) => {
      take(JSON.parse(event.data));
      draw();
      announce();
      if (TERMINAL.has(run.state)) { source.close(); ended(); }
    });
  }
}

function ended() {
  byId("live").dataset.on = "false";
  byId("live-text").textContent = run.status ? "Ended" : "Not found";
}

async function open() {
  if (!id) { location.replace("/ui/"); return; }
  try {
    run.status = await getJson(`/simulations/${encodeURIComponent(id)}/status`);
  } catch (error) {
    const isMissing = error.status === 404 && ++misses > 5;  // it may have been asked for a moment ago
    if (isMissing) { byId("name").textContent = "There is no such simulation"; ended(); }
    if (isMissing || error.status !== 404) report(error);
    if (!isMissing) setTimeout(open, error.status === 404 ? 1000 : 3000);
    return;
  }
  report(null);
  byId("known").hidden = false;
  run.state = run.status.state;
  for (const [name, progress] of Object.entries(run.status.progress.by_arm)) { arm(name); run.planned[name] = progress.planned; }
  drawHead(run.status.reason);
  draw();
  listen();
}

byId("metric").addEventListener("change", draw);
byId("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  byId("pause").setAttribute("aria-pressed", String(isPaused));
  byId("pause").textContent = isPaused ? "Resume" : "Pause";
  draw();
});
await open();
