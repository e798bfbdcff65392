// How a value of a metric is written: shares in percent, their differences in points, everything else as a number. And
// which way is good, where that is said.

import { fixed, type Maybe, percent, signed, words } from "../../format/format";
import { text } from "../../text/text";

interface Measured {
  metric: string;
  option?: string | null;
  measure: string;
}

interface Found {
  metric: string;
  finding: string;
  is_control?: boolean | null;
}

export interface Levels {
  level: (metric: string, value: Maybe) => string;
  change: (metric: string, value: Maybe) => string;
  unit: (metric: string) => string;
  /** What was found, in words: of ranks the first place is the best. */
  found: (one: Found) => string;
  /** Whether what was found is good; null where nothing was found, or nobody has said which way is good. */
  sense: (one: Found) => "better" | "worse" | null;
}

export function levelsOf(estimates: Measured[], better: Record<string, "higher" | "lower"> = {}): Levels {
  const measured = (as: string) => new Set(estimates.filter((one) => one.measure === as).map((one) => one.metric));
  const [shares, ranks] = [measured("proportion"), measured("mean_rank")];
  return {
    level: (metric, value) => (shares.has(metric) ? percent(value) : fixed(value)),
    change: (metric, value) => {
      if (value == null) return "–";
      return signed(value, shares.has(metric) ? (value * 100).toFixed(1) : fixed(value));
    },
    unit: (metric) => (shares.has(metric) ? ` ${text.results.points}` : ""),
    found: (one) => {
      const said = ranks.has(one.metric) ? text.results.ranked[one.finding] : undefined;
      return said ?? text.results.findings[one.finding] ?? words(one.finding);
    },
    sense: (one) => {
      const way = one.is_control ? undefined : better[one.metric];
      if (!way || !isClear(one)) return null;
      return one.finding === way ? "better" : "worse";
    },
  };
}

export const isClear = (one: { finding: string }): boolean => one.finding === "higher" || one.finding === "lower";

export const titled = (one: { metric: string; option?: string | null }): string =>
  words(one.metric) + (one.option ? `: ${words(one.option)}` : "");

export const asInterval = (interval: readonly number[] | null | undefined): [number, number] | null =>
  interval?.length === 2 ? [interval[0] ?? 0, interval[1] ?? 0] : null;
