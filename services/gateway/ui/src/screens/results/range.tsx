// An estimate with its interval on a scale that its neighbours share.

type Reach = readonly [number, number];

interface Drawn {
  value?: number | null;
  interval?: readonly number[] | null;
}

/** From the lowest to the highest end of any interval, with a little room. */
export function reachOf(rows: Drawn[]): Reach {
  const values = rows.flatMap((one) => [...(one.interval ?? []), ...(one.value == null ? [] : [one.value])]);
  if (!values.length) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low || 1) * 0.04;
  return [low - room, high + room];
}

export function Range({ value, interval, reach }: { value: number | null; interval: Reach | null; reach: Reach }) {
  const at = (one: number) => `${((one - reach[0]) / (reach[1] - reach[0])) * 100}%`;
  return (
    <span className="range-track" aria-hidden="true">
      {interval ? (
        <span className="range-bar" style={{ left: at(interval[0]), right: `calc(100% - ${at(interval[1])})` }} />
      ) : null}
      {value === null ? null : <span className="range-mark" style={{ left: at(value) }} />}
    </span>
  );
}
