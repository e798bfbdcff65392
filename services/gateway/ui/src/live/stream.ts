// The one event stream of this tab. Read with fetch rather than EventSource, which cannot say who asks; a broken connection
// goes on after the last event that has an id. Events may come twice, and reach a subscriber at most four times a second.

import { request } from "../api/client";

export type Connection = "connecting" | "live" | "broken" | "ended";

export interface LiveEvent {
  name: string;
  data: unknown;
}

export interface Subscriber {
  onEvents: (events: LiveEvent[]) => void;
  onConnection: (connection: Connection) => void;
}

const FLUSH_MS = 250;
const RETRY_MS = [500, 1_000, 2_000, 5_000];

let current: { stop: () => void } | null = null;

/** Follows a path of the platform; whatever this tab followed before is closed. Returns how to stop. */
export function follow(path: string, subscriber: Subscriber): () => void {
  current?.stop();
  const stream = new Stream(path, subscriber);
  current = stream;
  void stream.run();
  return () => {
    stream.stop();
    if (current === stream) current = null;
  };
}

class Stream {
  private readonly path: string;
  private readonly subscriber: Subscriber;
  private readonly abort = new AbortController();
  private lastId = "";
  private failures = 0;
  private waiting: LiveEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(path: string, subscriber: Subscriber) {
    this.path = path;
    this.subscriber = subscriber;
  }

  stop(): void {
    this.abort.abort();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  async run(): Promise<void> {
    this.subscriber.onConnection("connecting");
    while (!this.abort.signal.aborted) {
      try {
        if (await this.once()) return;
      } catch {
        if (this.abort.signal.aborted) return;
      }
      this.subscriber.onConnection("broken");
      await pause(RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)] ?? 5_000);
    }
  }

  /** One connection. True when nothing more will come. */
  private async once(): Promise<boolean> {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (this.lastId) headers["last-event-id"] = this.lastId;
    const answer = await request(this.path, { headers, signal: this.abort.signal, cache: "no-store" });
    if (answer.status === 204 || answer.status === 404 || answer.status === 401 || answer.status === 403) {
      this.flush();
      this.subscriber.onConnection("ended");
      return true;
    }
    if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`);
    this.failures = 0;
    this.subscriber.onConnection("live");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) this.take(block);
    }
  }

  private take(block: string): void {
    let name = "message";
    let data = "";
    for (const line of block.split("\n")) {
      if (line.startsWith("event: ")) name = line.slice(7);
      else if (line.startsWith("data: ")) data += line.slice(6);
      else if (line.startsWith("id: ")) this.lastId = line.slice(4);
    }
    if (!data) return;
    this.waiting.push({ name, data: JSON.parse(data) });
    this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const events = this.waiting;
    this.waiting = [];
    if (events.length && !this.abort.signal.aborted) this.subscriber.onEvents(events);
  }
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
