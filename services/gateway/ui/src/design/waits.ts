// Times on the simulated clock: ISO 8601 in a study, minutes here, words for people.

const PARTS = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const MINUTES = [10_080, 1_440, 60, 1, 1 / 60];

/** Null for what is no duration. */
export function minutesOf(iso: string | null | undefined): number | null {
  const found = PARTS.exec(iso || "PT0S");
  return found && MINUTES.reduce((sum, each, place) => sum + each * Number(found[place + 1] ?? 0), 0);
}

export const UNITS = { days: 1_440, hours: 60, minutes: 1 } as const;
export type Unit = keyof typeof UNITS;

/** The largest unit of which it is a whole number. */
export const unitOf = (minutes: number): Unit =>
  minutes % UNITS.days === 0 ? "days" : minutes % UNITS.hours === 0 ? "hours" : "minutes";

export function isoOf(amount: number, unit: Unit): string {
  if (!amount) return "PT0S";
  return unit === "days" ? `P${amount}D` : `PT${amount}${unit === "hours" ? "H" : "M"}`;
}
