// What is shown: plain or formatted. Markdown with parts that the editor cannot draw stays as it is written, and so does HTML.

import { Group, SegmentedControl, Text, Textarea } from "@mantine/core";
import { lazy, Suspense } from "react";
import { Loading } from "../../app/loading";
import type { Variant } from "../../design/draft";
import { designing } from "../../text/designing";
import { text } from "../../text/text";

const RichEditor = lazy(() => import("./richEditor"));
const MOST = 20_000; // characters
const t = designing.rich;

type Format = NonNullable<Variant["format"]>;

export interface Written {
  content?: string | null;
  format?: Format;
}

/** No HTML and no tables inside of it. */
const isDrawable = (content: string): boolean => !/(?<!\\)<(?!https:)[a-z!/]|^\s*\|/im.test(content);

export function Content({ written, set }: { written: Written; set: (part: Written) => void }) {
  const format = written.format ?? "text";
  const content = written.content ?? "";
  const turn = async (to: Format) => {
    if (to === format) return;
    const { formatted, plainOf } = await import("../../design/markdown");
    set({ format: to, content: to === "markdown" ? formatted(content) : plainOf(content) });
  };
  return (
    <div>
      <Group justify="space-between" mb={6} gap="xs">
        <Text size="sm" fw={600}>
          {text.design.content}
        </Text>
        {format === "html" ? (
          <Text className="fine">{t.html}</Text>
        ) : (
          <SegmentedControl
            size="xs"
            aria-label={text.design.formatting}
            data={[
              { value: "text", label: text.design.plain },
              { value: "markdown", label: text.design.markdown },
            ]}
            value={format}
            onChange={(to) => void turn(to === "markdown" ? "markdown" : "text")}
          />
        )}
      </Group>
      {format === "markdown" && isDrawable(content) ? (
        <Suspense fallback={<Loading />}>
          <RichEditor label={text.design.content} value={content} set={(value) => set({ content: value })} />
        </Suspense>
      ) : (
        <Textarea
          aria-label={text.design.content}
          description={format === "markdown" ? t.asWritten : undefined}
          autosize
          minRows={4}
          maxRows={16}
          maxLength={MOST}
          value={content}
          onChange={(event) => set({ content: event.currentTarget.value })}
        />
      )}
    </div>
  );
}
