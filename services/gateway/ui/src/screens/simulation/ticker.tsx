// The latest responses, newest first. All of it was written by a model: it is shown as text.

import { Link } from "@tanstack/react-router";
import { answerText, words } from "../../format/format";
import type { LiveResponse } from "../../live/run";
import { text } from "../../text/text";

export function Ticker({ responses, id }: { responses: LiveResponse[]; id: string }) {
  if (!responses.length) return <p className="muted">{text.monitor.tickerEmpty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable with the keyboard
    <ol className="ticker" tabIndex={0} aria-label={text.monitor.ticker}>
      {responses.map((one) => (
        <li key={`${one.agent_id} ${one.response} ${JSON.stringify(one.answers)}`}>
          <div className="who">
            <Link
              to="/simulations/$id"
              params={{ id }}
              search={{ tab: "people", agent: one.agent_id }}
              className="plain-link"
            >
              <strong>{one.name}</strong>
            </Link>
            <span className="fine">
              {[words(one.arm), words(one.segment), mood(one.sentiment)].filter(Boolean).join(" · ")}
            </span>
          </div>
          <p>
            {one.status === "answered" ? one.response : <span className="failed">{one.failure ?? one.status}</span>}
          </p>
          <p className="fine">
            {Object.entries(one.answers)
              .filter(([, value]) => value !== null)
              .map(([name, value]) => `${words(name)}: ${answerText(value)}`)
              .join(" · ")}
          </p>
        </li>
      ))}
    </ol>
  );
}

function mood(sentiment: number | null): string {
  if (sentiment === null || sentiment === undefined) return "";
  return sentiment > 0.2 ? text.monitor.positive : sentiment < -0.2 ? text.monitor.negative : text.monitor.neutral;
}
