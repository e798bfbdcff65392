// The running mean of a metric by arm. Preliminary by nature: no interval, no comparison, and it says so.

import { el, number, percent, svg, words } from "./view.js";

const POINTS = 160;

// Running means by arm and metric. Old points are thinned out by halves, so memory does not grow with the simulation.
export class Trend {
  constructor() { this.lines = new Map(); }

  add(arm, answers) {
    for (const [metric, value] of Object.entries(answers)) {
      if (typeof value !== "boolean" && typeof value !== "number") continue;
      const key = `${metric}\n${arm}`;
      if (!this.lines.has(key)) this.lines.set(key, { n: 0, sum: 0, stride: 1, points: [] });
      const line = this.lines.get(key);
      line.n += 1;
      line.sum += Number(value);
      if (line.n % line.stride === 0) line.points.push([line.n, line.sum / line.n]);
      if (line.points.length > POINTS) {
        line.points = line.points.filter((_, index) => index % 2 === 1);
        line.stride *= 2;
      }
    }
  }

  line(metric, arm) { return this.lines.get(`${metric}\n${arm}`); }
}

function scale(metric, lines) {
  const values = lines.flatMap(({ line }) => line.points.filter(([n]) => n >= Math.min(8, line.n)).map(([, mean]) => mean));
  const low = metric.type === "binary" ? 0 : metric.minimum ?? Math.min(...values);
  const high = metric.type === "binary" ? 1 : metric.maximum ?? Math.max(...values);
  const pad = (Math.max(...values) - Math.min(...values) || (high - low) * 0.1) * 0.35;
  return [Math.max(low, Math.min(...values) - pad), Math.min(high, Math.max(...values) + pad)];
}

export function drawTrend(box, trend, metric, arms, isOver) {
  const lines = arms.map((arm) => ({ arm, line: trend.line(metric.name, arm.name) })).filter(({ line }) => line);
  if (!lines.length) {
    box.replaceChildren(el("p", { class: "muted", text: "Nobody has reached this metric yet." }));
    return;
  }
  const [width, height, left, bottom, right] = [Math.max(260, box.clientWidth), 230, 46, 26, 10];
  const show = metric.type === "binary" ? (value) => percent(value, 0) : number;
  const [low, high] = scale(metric, lines);
  const longest = Math.max(2, ...lines.map(({ line }) => line.n));
  const x = (n) => left + ((n - 1) / (longest - 1)) * (width - left - right);
  const y = (mean) => 10 + (1 - (Math.min(high, Math.max(low, mean)) - low) / (high - low || 1)) * (height - bottom - 10);
  const named = lines.map(({ arm, line }) => `${words(arm.name)} ${show(line.sum / line.n)} of ${line.n}`).join(", ");
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": `Running mean of ${words(metric.name)}: ${named}` });
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const value = low + share * (high - low);
    const text = svg("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" });
    text.textContent = show(value);
    chart.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }), text);
  }
  for (const [n, anchor] of [[1, "start"], [longest, "end"]]) {
    const text = svg("text", { x: x(n), y: height - 6, "text-anchor": anchor });
    text.textContent = n === 1 ? "first response" : `response ${longest}`;
    chart.append(text);
  }
  for (const { arm, line } of lines) {
    const points = [...line.points.filter(([n]) => n < line.n), [line.n, line.sum / line.n]];
    const shape = points.map(([n, mean], index) => `${index ? "L" : "M"}${x(n).toFixed(1)} ${y(mean).toFixed(1)}`).join("");
    const [n, mean] = points.at(-1);
    chart.append(svg("g", { class: `arm-${arm.place}` }, svg("path", { class: "series", d: shape }), svg("circle", { class: "end", cx: x(n), cy: y(mean), r: 4.5 })));
  }
  const legend = el("ul", { class: "legend" }, ...lines.map(({ arm, line }) => el("li", { class: `arm-${arm.place}` },
    el("span", { class: "swatch", "aria-hidden": "true" }), words(arm.name), el("strong", { text: show(line.sum / line.n) }))));
  const note = isOver
    ? "Running share or mean of the simulated agents, in the order of their answers. What it is worth is said in the verdict."
    : "Preliminary: running share or mean of the simulated agents. No conclusion before the planned number has answered.";
  box.replaceChildren(chart, legend, el("p", { class: "fine", text: note }));
}
