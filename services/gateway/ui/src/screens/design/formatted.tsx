// Markdown as it is seen: elements made of the document that the editor has too, never markup.

import type { Node as Doc, Mark } from "@tiptap/pm/model";
import { Fragment, type JSX, type ReactNode } from "react";
import { docOf } from "../../design/markdown";

export default function Formatted({ value }: { value: string }) {
  return <Parts of={docOf(value)} />;
}

function Parts({ of }: { of: Doc }) {
  const parts: ReactNode[] = [];
  of.forEach((part, at) => {
    const key = `${part.type.name} ${at}`;
    parts.push(<Part key={key} part={part} />);
  });
  return parts;
}

const BLOCKS: Record<string, keyof JSX.IntrinsicElements> = {
  paragraph: "p",
  heading: "h4",
  blockquote: "blockquote",
  bulletList: "ul",
  orderedList: "ol",
  listItem: "li",
  codeBlock: "pre",
};

function Part({ part }: { part: Doc }) {
  const { name } = part.type;
  if (part.isText) return part.marks.reduce<ReactNode>(marked, part.text);
  if (name === "hardBreak") return <br />;
  if (name === "horizontalRule") return <hr />;
  if (name === "image") return <span className="picture-mark">{String(part.attrs.alt || part.attrs.src)}</span>;
  const Block = BLOCKS[name] ?? Fragment;
  return (
    <Block>
      <Parts of={part} />
    </Block>
  );
}

function marked(inside: ReactNode, mark: Mark): ReactNode {
  if (mark.type.name === "bold") return <strong>{inside}</strong>;
  if (mark.type.name === "italic") return <em>{inside}</em>;
  if (mark.type.name === "code") return <code>{inside}</code>;
  return <u>{inside}</u>;
}
