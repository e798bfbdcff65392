// The running mean of a metric by arm. Preliminary by nature: no interval, no comparison, and it says so.

import { useElementSize } from "@mantine/hooks";
import { Swatch } from "../../components/parts";
import { number, percent, words } from "../../format/format";
import { isOver, type LiveMetric, type Run } from "../../live/run";
import type { Line } from "../../live/trend";
import { text } from "../../text/text";
import { PeopleLink, type SideOf } from "../results/sides";

const [HEIGHT, LEFT, BOTTOM, RIGHT] = [230, 48, 26, 10];

/** Where many have answered, the means of the first few say nothing and would only make the others flat. */
const [MANY, FIRST] = [40, 8];

interface Drawn {
  name: string;
  place: number;
  points: [number, number][];
  n: number;
  mean: number;
}

export function TrendChart(props: { run: Run; arms: string[]; metric: LiveMetric; side: SideOf }) {
  const { run, arms, metric, side } = props;
  const { ref, width: measured } = useElementSize();
  const lines: Drawn[] = arms.flatMap((name) => {
    const line = run.trend.line(metric.name, name);
    return line ? [drawn(name, side(name).place % 6, line)] : [];
  });
  const show = metric.type === "binary" ? (value: number) => percent(value, 0) : number;
  const width = Math.max(240, measured);
  return (
    <div ref={ref}>
      {lines.length ? (
        <Chart lines={lines} metric={metric} width={width} show={show} />
      ) : (
        <p className="muted">{text.monitor.trendEmpty}</p>
      )}
      <ul className="legend">
        {lines.map(({ name, place, mean }) => (
          <li key={name}>
            <PeopleLink side={side(name)} filter={{ metric: metric.name }}>
              <Swatch arm={place} /> {name === "all" ? text.monitor.everybody : words(name)}{" "}
              <strong>{show(mean)}</strong>
            </PeopleLink>
          </li>
        ))}
      </ul>
      {lines.length ? (
        <p className="fine">{isOver(run.state) ? text.monitor.trendOver : text.monitor.trendNote}</p>
      ) : null}
    </div>
  );
}

function drawn(name: string, place: number, { points, n, sum }: Line): Drawn {
  const first = n < MANY ? 1 : FIRST;
  const mean = sum / n;
  return { name, place, n, mean, points: [...points.filter(([at]) => at >= first && at < n), [n, mean]] };
}

function bounds(metric: LiveMetric, lines: Drawn[]): [number, number] {
  const values = lines.flatMap(({ points }) => points.map(([, mean]) => mean));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const low = metric.type === "binary" ? 0 : (metric.minimum ?? least);
  const high = metric.type === "binary" ? 1 : (metric.maximum ?? most);
  const pad = (most - least || (high - low) * 0.1) * 0.35;
  return [Math.max(low, least - pad), Math.min(high, most + pad)];
}

function Chart({
  lines,
  metric,
  width,
  show,
}: {
  lines: Drawn[];
  metric: LiveMetric;
  width: number;
  show: (value: number) => string;
}) {
  const [low, high] = bounds(metric, lines);
  const longest = Math.max(2, ...lines.map(({ n }) => n));
  const x = (n: number) => LEFT + ((n - 1) / (longest - 1)) * (width - LEFT - RIGHT);
  const y = (mean: number) => 10 + (1 - (mean - low) / (high - low || 1)) * (HEIGHT - BOTTOM - 10);
  const label = lines.map(({ name, mean, n }) => `${words(name)} ${show(mean)} of ${n}`).join(", ");
  return (
    <svg
      viewBox={`0 0 ${width} ${HEIGHT}`}
      className="chart"
      role="img"
      aria-label={`${text.monitor.trend}, ${words(metric.name)}: ${label}`}
    >
      {[0, 0.25, 0.5, 0.75, 1].map((share) => {
        const value = low + share * (high - low);
        return (
          <g key={share}>
            <line className="grid" x1={LEFT} x2={width - RIGHT} y1={y(value)} y2={y(value)} />
            <text x={LEFT - 8} y={y(value) + 4} textAnchor="end">
              {show(value)}
            </text>
          </g>
        );
      })}
      <text x={LEFT} y={HEIGHT - 6}>
        1
      </text>
      <text x={width - RIGHT} y={HEIGHT - 6} textAnchor="end">{`response ${longest}`}</text>
      {lines.map(({ name, place, points, n, mean }) => {
        const path = points
          .map(([at, value], index) => `${index ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`)
          .join("");
        return (
          <g key={name} className={`arm-${place}`}>
            <path className="series" d={path} />
            <circle className="end" cx={x(n)} cy={y(mean)} r={4.5} />
          </g>
        );
      })}
    </svg>
  );
}
