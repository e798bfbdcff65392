// Which people are behind a bar: the bins that the results name, read back.

/** Whether an answer is in the bin of this label: `yes`, `not reached`, `7`, `0–10` or an option. */
export function isInBin(answer: unknown, label: string): boolean {
  if (label === "not reached") return answer === null || answer === undefined;
  if (typeof answer === "boolean") return label === (answer ? "yes" : "no");
  if (Array.isArray(answer)) return String(answer[0]) === label;
  if (typeof answer !== "number") return String(answer ?? "") === label;
  const [low, high] = label.split("–").map(Number);
  if (high === undefined) return Math.abs(answer - (low ?? Number.NaN)) < 1e-9;
  return answer > (low ?? 0) - 1e-9 && answer <= high + 1e-9;
}
