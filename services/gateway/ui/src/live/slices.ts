// Events handed on in slices, so that a page stays at hand while the whole past of a large simulation arrives at once.

import type { LiveEvent } from "./stream";

const RESPONSES = 400; // in one slice: some milliseconds of work

export class Slices {
  take: (events: LiveEvent[]) => void = () => undefined;
  private waiting: LiveEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;

  add(events: LiveEvent[]): void {
    this.waiting.push(...events.flatMap(pieces));
    if (this.timer === null) this.next();
  }

  private next(): void {
    this.timer = null;
    let [size, end] = [0, 0];
    for (; end < this.waiting.length && size < RESPONSES; end += 1) size += sizeOf(this.waiting[end]);
    const slice = this.waiting.splice(0, end);
    if (!slice.length) return;
    if (this.waiting.length) this.timer = setTimeout(() => this.next());
    this.take(slice);
  }
}

const responsesOf = (event: LiveEvent | undefined): unknown[] =>
  event?.name === "responses-recorded" ? (event.data as { responses: unknown[] }).responses : [];
const sizeOf = (event: LiveEvent | undefined): number => responsesOf(event).length;

/** A large event as several small ones. */
function pieces(event: LiveEvent): LiveEvent[] {
  const responses = responsesOf(event);
  if (responses.length <= RESPONSES) return [event];
  const found: LiveEvent[] = [];
  for (let from = 0; from < responses.length; from += RESPONSES) {
    const part = { ...(event.data as object), responses: responses.slice(from, from + RESPONSES) };
    found.push({ name: event.name, data: part });
  }
  return found;
}
