// The list of simulations. Events only say that something changed; what is shown is always the list itself.

import { TERMINAL, badge, bar, byId, connection, count, el, getJson, onCopy, report, throttled, when, words } from "./view.js";

const shown = new Map();
let older = null;
let olderItems = [];

function card(item) {
  const { answered, failed, planned } = item.progress;
  const done = answered + failed;
  const isOver = TERMINAL.has(item.state);
  const counts = planned ? `${count(answered)} of ${count(planned)} answered` : isOver ? "no responses" : "waiting for its people";
  return el("li", {},
    el("a", { class: "card", href: `/ui/simulation.html?id=${encodeURIComponent(item.simulation_id)}` },
      el("div", { class: "card-name" }, el("h2", { text: item.name }), el("span", { class: "id", text: item.simulation_id })),
      badge(item.state),
      el("div", { class: "card-progress" },
        bar(done, planned, `Responses of ${item.name}`),
        el("span", { class: "counts" }, counts, failed ? el("span", { class: "failed", text: ` · ${count(failed)} failed` }) : null)),
      el("dl", { class: "facts" },
        el("div", {}, el("dt", { text: "Model" }), el("dd", { text: words(item.model) })),
        el("div", {}, el("dt", { text: "Started" }), el("dd", {}, when(item.created_at))))));
}

function draw(items) {
  const list = byId("list");
  const all = [...items, ...olderItems.filter((old) => !items.some((item) => item.simulation_id === old.simulation_id))];
  const focused = document.activeElement?.getAttribute?.("href");
  list.replaceChildren(...all.map(card));
  if (focused) [...list.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
  list.setAttribute("aria-busy", "false");
  byId("empty").hidden = all.length > 0;
  announce(items);
}

function announce(items) {
  const changes = [];
  for (const item of items) {
    const before = shown.get(item.simulation_id);
    if (before !== undefined && before !== item.state) changes.push(`${item.name} is ${words(item.state)}`);
    shown.set(item.simulation_id, item.state);
  }
  if (changes.length) byId("announcer").textContent = changes.join(". ");
}

async function refresh() {
  try {
    const page = await getJson("/simulations/list?limit=50");
    if (olderItems.length === 0) older = page.next_cursor;
    byId("more").hidden = older === null;
    draw(page.items);
    report(null);
  } catch (error) {
    byId("list").setAttribute("aria-busy", "false");
    report(error);
  }
}

async function showOlder() {
  try {
    const page = await getJson(`/simulations/list?limit=50&cursor=${encodeURIComponent(older)}`);
    olderItems = [...olderItems, ...page.items];
    older = page.next_cursor;
    await refresh();
  } catch (error) {
    report(error);
  }
}

function listen(changed) {
  const source = new EventSource("/stream");
  source.onopen = () => { connection(true); changed(); };
  source.onerror = () => {
    connection(false);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(changed), 3000);
  };
  for (const name of ["simulation-created", "simulation-state-changed", "responses-recorded"]) source.addEventListener(name, changed);
}

byId("curl").textContent = `URL=${location.origin}
POPULATION=$(curl -s $URL/agent-populations/create --json '{
  "name": "Shoppers", "demographic_base": "usa_demographics", "size": 60
}' | grep -o 'pop_[0-9a-f]*' | head -1)
INTERVENTION=$(curl -s $URL/interventions/create --json '{
  "name": "Two headlines", "type": "marketing_intervention", "population_id": "'$POPULATION'",
  "variants": [{"name": "a", "content": "Save 20 % today"}, {"name": "b", "content": "Made to last"}],
  "success_metrics": ["open_rate", "purchase_intent"]
}' | grep -o 'int_[0-9a-f]*' | head -1)
curl -s -X POST $URL/interventions/$INTERVENTION/execute`;
byId("more").addEventListener("click", showOlder);
onCopy();
await refresh();
listen(throttled(refresh, 1000));
setInterval(() => { if (!document.hidden) refresh(); }, 30000);
