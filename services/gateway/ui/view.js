// Shared by the pages: elements built without markup strings (all text is untrusted), numbers, requests.

export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function svg(tag, properties = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const byId = (id) => document.getElementById(id);
export const TERMINAL = new Set(["completed", "failed", "cancelled"]);

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const money = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits: 4 });

export const count = (value) => whole.format(value ?? 0);
export const number = (value) => (value === null || value === undefined ? "–" : short.format(value));
export const dollars = (value) => money.format(value ?? 0);
export const words = (name) => String(name ?? "").replaceAll("_", " ");
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
export const percent = (value, digits = 1) => (value === null || value === undefined ? "–" : `${(value * 100).toFixed(digits)} %`);
export const signed = (value, text) => (value > 0 ? `+${text}` : text.replace("-", "−"));

export function pValue(value) {
  if (value === null || value === undefined) return "–";
  return value < 0.001 ? "< 0.001" : value.toFixed(3);
}

export function ago(iso) {
  const seconds = Math.max(0, (Date.now() - Date.parse(iso)) / 1000);
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  return new Intl.DateTimeFormat("en", { dateStyle: "medium" }).format(new Date(iso));
}

export function when(iso) {
  const text = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" }).format(new Date(iso));
  return el("time", { datetime: iso, title: text, text: ago(iso) });
}

export function badge(state) {
  return el("span", { class: `badge ${state}` }, el("span", { class: "dot", "aria-hidden": "true" }), words(state));
}

// Width and colour through the style object, which the content security policy allows.
export function bar(part, total, label, arm = null) {
  const share = total > 0 ? Math.min(1, part / total) : 0;
  const fill = el("span", { class: "fill" });
  fill.style.width = `${share * 100}%`;
  const track = el("div", {
    class: arm === null ? "bar" : `bar arm-${arm}`, role: "progressbar", "aria-label": label,
    "aria-valuemin": "0", "aria-valuemax": String(total), "aria-valuenow": String(Math.min(part, total)),
  }, fill);
  return track;
}

export async function getJson(path) {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  const body = await response.json().catch(() => null);
  if (!response.ok) {
    const error = new Error(body?.detail || body?.title || `${response.status} ${response.statusText}`);
    error.status = response.status;
    throw error;
  }
  return body;
}

export function onCopy(root = document) {
  for (const button of root.querySelectorAll(".copy")) {
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
  }
}

export function connection(isOn) {
  byId("live").dataset.on = String(isOn);
  byId("live-text").textContent = isOn ? "Live" : "Reconnecting";
}

export function report(error) {
  const box = byId("problem");
  box.hidden = !error;
  box.textContent = error ? (error.status ? error.message : `The platform does not answer (${error.message}). Trying again.`) : "";
}

// Calls `work` at most once in `interval` ms however often it is asked; the last request is never lost.
export function throttled(work, interval) {
  let timer = null;
  let last = -Infinity;
  return () => {
    if (timer !== null) return;
    timer = setTimeout(() => { timer = null; last = performance.now(); work(); }, Math.max(0, last + interval - performance.now()));
  };
}
