// One arm of an intervention: what is shown, where and when, beside how it will look there.

import { Button, Checkbox, Group, SegmentedControl, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useRef } from "react";
import type { Study } from "../../api/studies";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { CHANNELS, TIMINGS } from "../../design/catalogue";
import { change, type Variant } from "../../design/draft";
import { removeVariant, setVariant } from "../../design/edits";
import { capital, words } from "../../format/format";
import { text } from "../../text/text";
import { MediaEditor } from "./mediaEditor";
import { Preview } from "./preview";
import { Trial } from "./trial";

const WRAPS = { bold: ["**", "**"], italic: ["*", "*"], link: ["[", "](https://)"], list: ["\n- ", ""] } as const;
const known = (names: string[], value: string) =>
  [...new Set([...names, value])].map((name) => ({ value: name, label: capital(words(name)) }));

export function VariantEditor({ study, index }: { study: Study; index: number }) {
  const variant = study.intervention.variants[index];
  if (!variant) return null;
  const set = (part: Partial<Variant>) => change(setVariant(index, part));
  return (
    <Stack gap="md">
      <TextInput
        label={text.design.name}
        value={variant.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <Group grow align="flex-start">
        <Choice
          label={text.design.channel}
          options={known(CHANNELS, variant.channel)}
          value={variant.channel}
          choose={(channel) => set({ channel: channel ?? "email" })}
        />
        <Choice
          label={text.design.timing}
          options={known(TIMINGS, variant.timing)}
          value={variant.timing}
          choose={(timing) => set({ timing: timing ?? "immediate" })}
        />
      </Group>
      <Delay variant={variant} set={set} />
      {variant.touchpoints?.length ? (
        <Text className="fine">{text.design.touchpoints(variant.touchpoints.length)}</Text>
      ) : (
        <Content variant={variant} set={set} />
      )}
      <MediaEditor media={variant.media ?? []} set={(media) => set({ media })} />
      <Preview variant={variant} />
      <Trial study={study} index={index} />
      <Checkbox
        label={text.design.isControl}
        checked={variant.is_control ?? false}
        onChange={(event) => set({ is_control: event.currentTarget.checked })}
      />
      <Button
        variant="default"
        leftSection={<Icon name="trash" size={15} />}
        w="fit-content"
        onClick={() => change(removeVariant(index))}
      >
        {text.design.remove}
      </Button>
    </Stack>
  );
}

/** When it arrives on the simulated clock: at once, or so many hours or days after the start. */
function Delay({ variant, set }: { variant: Variant; set: (part: Partial<Variant>) => void }) {
  const told = /^P(?:T(\d+)H|(\d+)D)$/.exec(variant.after ?? "");
  const unit = told?.[1] ? "hours" : told?.[2] && told[2] !== "0" ? "days" : "now";
  const amount = told?.[1] ?? told?.[2] ?? "1";
  const write = (to: string, value: string) =>
    set({ after: to === "hours" ? `PT${value}H` : to === "days" ? `P${value}D` : "PT0S" });
  return (
    <Group align="flex-end" gap="sm">
      <SegmentedControl
        aria-label={text.design.after}
        data={[
          { value: "now", label: text.design.atOnce },
          { value: "hours", label: text.design.hours },
          { value: "days", label: text.design.days },
        ]}
        value={unit}
        onChange={(to) => write(to, unit === "now" ? "1" : amount)}
      />
      {unit === "now" ? null : (
        <TextInput
          aria-label={text.design.after}
          w={80}
          inputMode="numeric"
          value={amount}
          onChange={(event) => write(unit, event.currentTarget.value.replace(/\D/g, "").slice(0, 4) || "1")}
        />
      )}
    </Group>
  );
}

function Content({ variant, set }: { variant: Variant; set: (part: Partial<Variant>) => void }) {
  const box = useRef<HTMLTextAreaElement>(null);
  const isRich = variant.format === "markdown";
  const wrap = ([before, after]: readonly [string, string]) => {
    const field = box.current;
    if (!field) return;
    const [from, to, value] = [field.selectionStart, field.selectionEnd, variant.content ?? ""];
    set({
      content: `${value.slice(0, from)}${before}${value.slice(from, to)}${after}${value.slice(to)}`,
      format: "markdown",
    });
    requestAnimationFrame(() => {
      field.focus();
      field.setSelectionRange(from + before.length, to + before.length);
    });
  };
  return (
    <div>
      <Group gap={6} mb={6} role="toolbar" aria-label={text.design.formatting}>
        {(Object.keys(WRAPS) as (keyof typeof WRAPS)[]).map((name) => (
          <Button key={name} variant="default" size="compact-xs" onClick={() => wrap(WRAPS[name])}>
            {text.design.marks[name]}
          </Button>
        ))}
        <Text className="fine">{isRich ? text.design.markdown : text.design.plain}</Text>
      </Group>
      <Textarea
        ref={box}
        label={text.design.content}
        autosize
        minRows={4}
        maxRows={16}
        maxLength={20_000}
        value={variant.content ?? ""}
        onChange={(event) => set({ content: event.currentTarget.value })}
      />
    </div>
  );
}
