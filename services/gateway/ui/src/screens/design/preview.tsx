// How a variant will look where it arrives. What was written is shown as text with its few marks; a picture as its words,
// because the pages ask nobody but the platform for anything.

import type { ReactNode } from "react";
import type { Variant } from "../../design/draft";
import { capital, words } from "../../format/format";
import { text } from "../../text/text";

export function Preview({ variant }: { variant: Variant }) {
  const content = variant.content ?? variant.touchpoints?.[0]?.content ?? "";
  const [first = "", ...others] = content.trim().split("\n");
  const isShort = variant.channel === "push" || variant.channel === "sms";
  return (
    <figure className={`preview preview-${variant.channel}`} aria-label={text.design.previewOf(words(variant.channel))}>
      <figcaption>
        {capital(words(variant.channel))} · {words(variant.timing)}
      </figcaption>
      <div className="preview-body">
        {variant.channel === "email" ? <p className="subject">{plain(first) || text.design.nothing}</p> : null}
        {variant.channel === "social" ? <p className="poster">{text.design.poster}</p> : null}
        <Marked
          value={
            isShort ? content.slice(0, 160) : variant.channel === "email" && others.length ? others.join("\n") : content
          }
        />
        {(variant.media ?? []).map((one) => (
          <p key={`${one.url} ${one.alt}`} className="picture">
            {one.kind === "video" ? "▶ " : ""}
            {one.alt || one.url}
          </p>
        ))}
      </div>
      {isShort && content.length > 160 ? <p className="fine failed">{text.design.cut(content.length)}</p> : null}
    </figure>
  );
}

const plain = (line: string) => line.replace(/[*_#[\]]/g, "");

/** Bold, italic, links and lists of Markdown as elements; everything else stays the text it is. */
function Marked({ value }: { value: string }) {
  return value.split("\n").map((line, index) => {
    const item = /^\s*[-*] (.*)$/.exec(line);
    const heading = /^#{1,3} (.*)$/.exec(line);
    const key = `${index} ${line}`;
    if (item) return <li key={key}>{inline(item[1] ?? "")}</li>;
    if (heading)
      return (
        <p key={key}>
          <strong>{inline(heading[1] ?? "")}</strong>
        </p>
      );
    return <p key={key}>{inline(line)}</p>;
  });
}

function inline(line: string): ReactNode[] {
  return line.split(/(\*\*[^*]+\*\*|\*[^*]+\*|\[[^\]]+\]\([^)]+\))/).map((part, index) => {
    const key = `${index} ${part}`;
    if (part.startsWith("**") && part.length > 4) return <strong key={key}>{part.slice(2, -2)}</strong>;
    if (part.startsWith("*") && part.length > 2) return <em key={key}>{part.slice(1, -1)}</em>;
    const link = /^\[([^\]]+)\]/.exec(part);
    return link ? <u key={key}>{link[1]}</u> : part;
  });
}
