// Formatted text: Markdown in a study, a document in the editor. The document's schema is the list of what is allowed, and
// addresses begin with https; what people and agents are shown is sanitised once more where it is kept (libs/pages/rich.py).

import { getSchema, Node } from "@tiptap/core";
import type { Node as Doc } from "@tiptap/pm/model";
import StarterKit from "@tiptap/starter-kit";
import MarkdownIt from "markdown-it";
import { defaultMarkdownSerializer, MarkdownParser, MarkdownSerializer } from "prosemirror-markdown";

const isSafe = (url: string) => /^https:\/\/./i.test(url);

/** A picture in the text. It is drawn as its words: the pages ask nobody but the platform for anything. */
const Picture = Node.create({
  name: "image",
  group: "inline",
  inline: true,
  draggable: true,
  addAttributes: () => ({ src: { default: "" }, alt: { default: "" }, title: { default: null } }),
  parseHTML: () => [
    { tag: "img[src]", getAttrs: (element) => (isSafe(element.getAttribute("src") ?? "") ? null : false) },
  ],
  renderHTML: ({ node }) => ["span", { class: "picture-mark" }, String(node.attrs.alt || node.attrs.src)],
});

export const EXTENSIONS = [
  StarterKit.configure({
    strike: false,
    underline: false,
    trailingNode: false,
    link: { openOnClick: false, protocols: ["https"], defaultProtocol: "https", isAllowedUri: isSafe },
  }),
  Picture,
];

const markdown = MarkdownIt("commonmark", { html: false });
markdown.validateLink = isSafe;

const parser = new MarkdownParser(getSchema(EXTENSIONS), markdown, {
  paragraph: { block: "paragraph" },
  heading: { block: "heading", getAttrs: (token) => ({ level: Number(token.tag.slice(1)) }) },
  blockquote: { block: "blockquote" },
  bullet_list: { block: "bulletList" },
  ordered_list: { block: "orderedList", getAttrs: (token) => ({ start: Number(token.attrGet("start") ?? 1) }) },
  list_item: { block: "listItem" },
  code_block: { block: "codeBlock", noCloseToken: true },
  fence: { block: "codeBlock", getAttrs: (token) => ({ language: token.info || null }), noCloseToken: true },
  hr: { node: "horizontalRule" },
  hardbreak: { node: "hardBreak" },
  image: {
    node: "image",
    getAttrs: (token) => ({
      src: token.attrGet("src"),
      title: token.attrGet("title"),
      alt: token.children?.map((one) => one.content).join("") ?? "",
    }),
  },
  em: { mark: "italic" },
  strong: { mark: "bold" },
  code_inline: { mark: "code", noCloseToken: true },
  link: { mark: "link", getAttrs: (token) => ({ href: token.attrGet("href"), title: token.attrGet("title") }) },
});

const { nodes, marks } = defaultMarkdownSerializer;
const known = <Kind>(from: Record<string, Kind>, names: Record<string, string>): Record<string, Kind> =>
  Object.fromEntries(Object.entries(names).map(([name, theirs]) => [name, from[theirs] as Kind]));

const serializer = new MarkdownSerializer(
  {
    ...known(nodes, {
      paragraph: "paragraph",
      heading: "heading",
      blockquote: "blockquote",
      listItem: "list_item",
      horizontalRule: "horizontal_rule",
      hardBreak: "hard_break",
      image: "image",
      text: "text",
    }),
    bulletList: (state, node) => state.renderList(node, "  ", () => "- "),
    orderedList: (state, node) => {
      const start = Number(node.attrs.start ?? 1);
      state.renderList(node, "   ", (place) => `${start + place}. `);
    },
    codeBlock: (state, node) => {
      state.write(`\`\`\`${node.attrs.language ?? ""}\n`);
      state.text(node.textContent, false);
      state.write("\n```");
      state.closeBlock(node);
    },
  },
  known(marks, { bold: "strong", italic: "em", code: "code", link: "link" }),
  { hardBreakNodeName: "hardBreak", escapeExtraCharacters: /<|&(?=#?\w+;)/g },
);

export const docOf = (value: string): Doc => parser.parse(value);
export const markdownOf = (doc: Doc): string => serializer.serialize(doc, { tightLists: true });

/** The words alone: a line for each line. */
export const plainOf = (value: string): string =>
  docOf(value).textBetween(0, docOf(value).content.size, "\n", (leaf) =>
    leaf.type.name === "image" ? String(leaf.attrs.alt) : "\n",
  );

/** Plain text as Markdown that means the same: empty lines part paragraphs, and signs stay signs. */
export function formatted(plain: string): string {
  const paragraphs = plain.split(/\n\s*\n/).filter((one) => one.trim());
  const content = paragraphs.map((one) => ({
    type: "paragraph",
    content: one
      .split("\n")
      .flatMap((line, place) => [
        ...(place ? [{ type: "hardBreak" }] : []),
        ...(line ? [{ type: "text", text: line }] : []),
      ]),
  }));
  return markdownOf(
    parser.schema.nodeFromJSON({ type: "doc", content: content.length ? content : [{ type: "paragraph" }] }),
  );
}
