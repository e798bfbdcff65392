// How a variant will look where it arrives. What was written is shown as text with its few marks; a picture as its words,
// because the pages ask nobody but the platform for anything.

import { lazy, Suspense } from "react";
import type { Variant } from "../../design/draft";
import { capital, words } from "../../format/format";
import { text } from "../../text/text";
import type { Written } from "./content";

const Formatted = lazy(() => import("./formatted"));
const SEEN = 160; // characters of a short message

export function Preview({ variant }: { variant: Variant }) {
  const contacts: Shown[] = variant.touchpoints?.length ? variant.touchpoints : [variant];
  // biome-ignore lint/suspicious/noArrayIndexKey: contacts may have no name
  return contacts.map((one, place) => <One key={place} shown={one} />);
}

interface Shown extends Written {
  channel?: string | null;
  timing?: string;
  media?: Variant["media"];
}

function One({ shown }: { shown: Shown }) {
  const { format, timing = "immediate" } = shown;
  const channel = shown.channel ?? "";
  const content = shown.content ?? "";
  const [first = "", ...others] = content.trim().split("\n");
  const isShort = channel === "push" || channel === "sms";
  const hasSubject = channel === "email" && format !== "html" && others.length > 0;
  return (
    <figure className={`preview preview-${channel}`} aria-label={text.design.previewOf(words(channel || timing))}>
      <figcaption>{capital([channel, timing].filter(Boolean).map(words).join(" · "))}</figcaption>
      <div className="preview-body">
        {hasSubject ? <p className="subject">{plain(first)}</p> : null}
        {content.trim() ? null : <p className="muted">{text.design.nothing}</p>}
        {channel === "social" ? <p className="poster">{text.design.poster}</p> : null}
        {isShort ? (
          lines(plain(content).slice(0, SEEN))
        ) : (
          <Seen format={format} value={hasSubject ? others.join("\n") : content} />
        )}
        {(shown.media ?? []).map((one) => (
          <p key={`${one.url} ${one.alt}`} className="picture">
            {one.kind === "video" ? "▶ " : ""}
            {one.alt || one.url}
          </p>
        ))}
      </div>
      {isShort && content.length > SEEN ? <p className="fine failed">{text.design.cut(content.length)}</p> : null}
    </figure>
  );
}

/** A line without the signs of Markdown. */
const plain = (line: string) => line.replace(/\\([^\w\s])|[*_#[\]`]/g, "$1");

function Seen({ value, format }: { value: string; format: Written["format"] }) {
  if (format === "markdown") {
    return (
      <Suspense>
        <Formatted value={value} />
      </Suspense>
    );
  }
  return lines(format === "html" ? wordsOf(value) : value);
}

// biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
const lines = (value: string) => value.split("\n").map((line, place) => <p key={place}>{line}</p>);

/** The words in HTML, which is read here and never shown. */
const wordsOf = (html: string): string =>
  new DOMParser()
    .parseFromString(html, "text/html")
    .body.textContent?.replace(/\n\s*\n/g, "\n")
    .trim() ?? "";
