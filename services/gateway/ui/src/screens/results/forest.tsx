// An estimate with its interval on a line whose middle is no difference.

const [WIDTH, HEIGHT, MIDDLE, REACH] = [220, 22, 110, 104];

interface Drawn {
  difference?: number | null;
  interval?: number[] | null;
}

/** The largest distance from zero: rows of one metric share it, so that their lines can be compared. */
export const widest = (rows: Drawn[]): number =>
  Math.max(1e-9, ...rows.flatMap((one) => [...(one.interval ?? []), one.difference ?? 0].map(Math.abs)));

export function Forest(props: {
  value: number | null;
  interval: readonly [number, number] | null;
  widest: number;
  /** Whose colour it has; without one it is of several arms. */
  arm?: number;
  label: string;
}) {
  const x = (value: number) => MIDDLE + (value / props.widest) * REACH;
  const { value, interval } = props;
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className={`forest ${props.arm === undefined ? "of-all" : `arm-${props.arm % 6}`}`}
      role="img"
      aria-label={props.label}
    >
      <line className="zero" x1={MIDDLE} x2={MIDDLE} y1={0} y2={HEIGHT} />
      {interval ? <line className="range" x1={x(interval[0])} x2={x(interval[1])} y1={11} y2={11} /> : null}
      {interval?.map((end) => (
        <line key={end} className="range" x1={x(end)} x2={x(end)} y1={7} y2={15} />
      ))}
      {value === null ? null : <circle className="point" cx={x(value)} cy={11} r={4.5} />}
    </svg>
  );
}
