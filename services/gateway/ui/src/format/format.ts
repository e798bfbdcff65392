// Numbers, times and names as people read them. The catalogue of strings has the sentences, this has the values in them.

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const money = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits: 4 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const date = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });

export const NONE = "–";
export type Maybe = number | null | undefined;

export const count = (value: Maybe): string => whole.format(value ?? 0);
export const number = (value: Maybe): string => (value == null ? NONE : short.format(value).replace("-", "−"));
/** A mean, or a difference of means, with as many decimals as the report: values under each other line up. */
export const fixed = (value: Maybe): string => {
  if (value == null) return NONE;
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 1000 ? 1 : 0;
  const shown = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return shown.replace(/^-(?=[0.,]*$)/, "").replace("-", "−");
};
export const dollars = (value: Maybe): string => money.format(value ?? 0);
export const large = (value: Maybe): string => compact.format(value ?? 0);
export const words = (name: string | null | undefined): string => (name ?? "").replaceAll("_", " ");
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
export const sentence = (text: string): string => capital(text) + (/[.!?]$/.test(text) ? "" : ".");
/** Names with underscores as words. */
export const readable = (text: string): string => text.replace(/\b\w+_\w+\b/g, (word) => words(word));
export const title = (name: string): string => capital(words(name));
export const percent = (value: Maybe, digits = 1): string =>
  value == null ? NONE : `${(value * 100).toFixed(digits).replace("-", "−")} %`;
/** A difference of shares. */
export const points = (value: Maybe): string =>
  value == null ? NONE : `${(value * 100).toFixed(1).replace("-", "−")} percentage points`;
export const signed = (value: number, text: string): string => (value > 0 ? `+${text}` : text.replace("-", "−"));
export const pValue = (value: Maybe): string => (value == null ? NONE : value < 0.001 ? "< 0.001" : value.toFixed(3));
export const when = (iso: string): string => moment.format(new Date(iso));

const exact = new Intl.DateTimeFormat("en", { timeStyle: "medium", hour12: false });
/** A moment of a day, to the tenth of a second. */
export const clock = (at: string | number): string =>
  `${exact.format(new Date(at))}.${Math.floor(new Date(at).getMilliseconds() / 100)}`;

export function ago(iso: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return date.format(new Date(iso));
}

export function duration(seconds: Maybe): string {
  if (seconds == null) return NONE;
  if (seconds < 90) return `${short.format(seconds)} s`;
  return seconds < 5400 ? `${short.format(seconds / 60)} min` : `${short.format(seconds / 3600)} h`;
}

/** One value of an answer as text: nothing here ever becomes markup. */
export function answerText(value: unknown): string {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) return value.map(answerText).join(" › ");
  if (typeof value === "object") return JSON.stringify(value);
  const said = String(value);
  return /^\w+$/.test(said) ? words(said) : said; // an option that is a name, not what somebody wrote
}
