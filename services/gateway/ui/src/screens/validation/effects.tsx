// The calibration plot: effects that were simulated against those of people, one dot for each outcome of the ledger.

import type { Schema } from "../../api/client";
import { number, words } from "../../format/format";
import { text } from "../../text/text";

const [SIZE, PAD] = [300, 34];
const t = text.validation;

export function Effects({ entries }: { entries: Schema["Entry"][] }) {
  const drawn = entries.flatMap((one) =>
    one.human_effect === null || one.simulated_effect === null
      ? []
      : [{ id: one.id, name: words(one.outcome), x: one.simulated_effect, y: one.human_effect }],
  );
  if (!drawn.length) return null;
  const most = Math.max(0.2, ...drawn.flatMap((one) => [Math.abs(one.x), Math.abs(one.y)])) * 1.1;
  const at = (value: number) => PAD + ((value + most) / (2 * most)) * (SIZE - 2 * PAD);
  const up = (value: number) => SIZE - at(value);
  return (
    <figure className="effects">
      <h3 className="subhead">{t.plot}</h3>
      <svg viewBox={`0 0 ${SIZE} ${SIZE}`} className="chart" role="img" aria-label={`${t.plot}: ${drawn.length}`}>
        <line className="grid" x1={PAD} x2={SIZE - PAD} y1={up(0)} y2={up(0)} />
        <line className="grid" x1={at(0)} x2={at(0)} y1={PAD} y2={SIZE - PAD} />
        <line className="diagonal" x1={PAD} x2={SIZE - PAD} y1={SIZE - PAD} y2={PAD} />
        {drawn.map((one) => (
          <circle key={one.id} className="arm-0 end" cx={at(one.x)} cy={up(one.y)} r={5}>
            <title>{`${one.name}: ${number(one.x)}, ${number(one.y)}`}</title>
          </circle>
        ))}
        <text x={SIZE / 2} y={SIZE - 10} textAnchor="middle">
          {t.plotAxis.x}
        </text>
        <text x={-SIZE / 2} y={14} textAnchor="middle" transform="rotate(-90)">
          {t.plotAxis.y}
        </text>
        {[-most, most].map((value) => (
          <text key={value} x={at(value)} y={SIZE - PAD + 14} textAnchor="middle">
            {number(value)}
          </text>
        ))}
      </svg>
      <figcaption className="fine">{t.plotNote}</figcaption>
    </figure>
  );
}
