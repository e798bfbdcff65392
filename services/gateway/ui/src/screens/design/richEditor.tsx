// Formatted text as it will look. What is kept is Markdown; nothing is kept that was not typed here.

import { Button, Group, TextInput } from "@mantine/core";
import { type Editor, EditorContent, useEditor, useEditorState } from "@tiptap/react";
import { useEffect, useRef, useState } from "react";
import { docOf, EXTENSIONS, markdownOf } from "../../design/markdown";
import { designing } from "../../text/designing";
import { text } from "../../text/text";

const t = designing.rich;

interface Props {
  value: string;
  label: string;
  set: (value: string) => void;
}

export default function RichEditor({ value, label, set }: Props) {
  const latest = useRef(value);
  const tell = useRef(set);
  tell.current = set;
  const editor = useEditor({
    extensions: EXTENSIONS,
    content: docOf(value).toJSON(),
    injectCSS: false,
    editorProps: {
      attributes: { role: "textbox", "aria-multiline": "true", "aria-label": label, class: "rich-text" },
    },
    onUpdate: ({ editor: changed }) => {
      latest.current = markdownOf(changed.state.doc);
      tell.current(latest.current);
    },
  });
  useEffect(() => {
    if (value === latest.current) return; // undone, or another file
    latest.current = value;
    editor.commands.setContent(docOf(value).toJSON(), { emitUpdate: false });
  }, [value, editor]);
  return (
    <div className="rich">
      <Toolbar editor={editor} />
      <EditorContent editor={editor} />
    </div>
  );
}

const MARKS = ["bold", "italic"] as const;

function Toolbar({ editor }: { editor: Editor }) {
  const [asked, ask] = useState<"link" | "image" | null>(null);
  const on = useEditorState({
    editor,
    selector: ({ editor: now }) => ({
      bold: now.isActive("bold"),
      italic: now.isActive("italic"),
      heading: now.isActive("heading"),
      bulletList: now.isActive("bulletList"),
      orderedList: now.isActive("orderedList"),
      blockquote: now.isActive("blockquote"),
      link: now.isActive("link"),
    }),
  });
  const chain = () => editor.chain().focus();
  const acts = {
    bold: () => chain().toggleBold().run(),
    italic: () => chain().toggleItalic().run(),
    heading: () => chain().toggleHeading({ level: 2 }).run(),
    bulletList: () => chain().toggleBulletList().run(),
    orderedList: () => chain().toggleOrderedList().run(),
    blockquote: () => chain().toggleBlockquote().run(),
  };
  return (
    <div className="rich-tools">
      <Group gap={4} role="toolbar" aria-label={text.design.formatting}>
        {(Object.keys(acts) as (keyof typeof acts)[]).map((name) => (
          <Tool key={name} name={name} isOn={on[name]} act={acts[name]} />
        ))}
        <Tool name="link" isOn={on.link} act={() => (on.link ? chain().unsetLink().run() : ask("link"))} />
        <Tool name="image" isOn={asked === "image"} act={() => ask("image")} />
      </Group>
      {asked ? <Address key={asked} kind={asked} editor={editor} done={() => ask(null)} /> : null}
    </div>
  );
}

function Tool({ name, isOn, act }: { name: keyof typeof t.tools; isOn: boolean; act: () => void }) {
  const isMark = MARKS.some((one) => one === name);
  return (
    <Button
      variant={isOn ? "light" : "subtle"}
      color={isOn ? undefined : "gray"}
      size="compact-xs"
      aria-pressed={isOn}
      className={isMark ? `tool-${name}` : undefined}
      onClick={act}
    >
      {t.tools[name]}
    </Button>
  );
}

/** Where a link leads, or a picture lies and what is to be seen in it. */
function Address({ kind, editor, done }: { kind: "link" | "image"; editor: Editor; done: () => void }) {
  const [url, setUrl] = useState("https://");
  const [words, setWords] = useState("");
  const isWhole = /^https:\/\/\S+$/i.test(url) && (kind === "link" || words.trim() !== "");
  const put = () => {
    const chain = editor.chain().focus();
    if (kind === "image") chain.insertContent({ type: "image", attrs: { src: url, alt: words } }).run();
    else if (!editor.state.selection.empty) chain.setLink({ href: url }).run();
    else chain.insertContent({ type: "text", text: url, marks: [{ type: "link", attrs: { href: url } }] }).run();
    done();
  };
  return (
    <Group gap="xs" align="flex-end" mt={6}>
      <TextInput
        size="xs"
        flex={1}
        miw={140}
        label={text.design.url}
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      {kind === "image" ? (
        <TextInput
          size="xs"
          flex={1}
          miw={140}
          label={text.design.alt}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      ) : null}
      <Button size="xs" disabled={!isWhole} onClick={put}>
        {t.put[kind]}
      </Button>
      <Button size="xs" variant="default" onClick={done}>
        {t.cancel}
      </Button>
    </Group>
  );
}
