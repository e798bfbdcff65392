// A question of one's own: what it asks, how it is answered, and what its answers are for.

import { Button, NumberInput, Paper, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { Choice } from "../../components/choice";
import { hasOptions, isScored } from "../../design/catalogue";
import type { Question } from "../../design/draft";
import { designing } from "../../text/designing";
import { text } from "../../text/text";

const TYPES = ["binary", "ordinal", "numeric", "choice", "ranking", "text"] as const;
const ROLES = ["primary", "secondary", "guardrail"] as const;
const WAYS = ["higher", "lower"] as const;
const hasScale = (type: string) => type === "ordinal" || type === "numeric";

interface Props {
  metric: Question;
  set: (next: Question | null) => void;
  hasRole: boolean;
}

type Put = (part: Partial<Question>) => void;

export function QuestionEditor({ metric, set, hasRole }: Props) {
  const put: Put = (part) => set({ ...metric, ...part });
  const retype = (type: Question["type"]) =>
    put({
      type,
      scale: hasScale(type) ? (metric.scale ?? [1, 7]) : null,
      options: hasOptions(type) ? (metric.options ?? []) : [],
      ...(isScored(type) ? {} : { better: "higher", margin: null }),
    });
  return (
    <Paper className="question" component="section" aria-label={metric.name}>
      <Stack gap="xs">
        <TextInput
          label={text.design.name}
          value={metric.name}
          onChange={(event) => put({ name: event.currentTarget.value.replaceAll(" ", "_") })}
        />
        <Textarea
          label={text.design.question}
          autosize
          minRows={2}
          value={metric.question}
          onChange={(event) => put({ question: event.currentTarget.value })}
        />
        <Choice
          label={text.design.answerType}
          options={TYPES.map((value) => ({ value, label: text.design.answerTypes[value] }))}
          value={metric.type}
          choose={(type) => retype(TYPES.find((one) => one === type) ?? "ordinal")}
        />
        {hasScale(metric.type) ? <Scale metric={metric} put={put} /> : null}
        {hasOptions(metric.type) ? (
          <Options options={metric.options ?? []} set={(options) => put({ options })} />
        ) : null}
        {hasRole ? <Purpose metric={metric} put={put} /> : null}
        <Button variant="subtle" color="red" size="compact-sm" w="fit-content" onClick={() => set(null)}>
          {text.design.remove}
        </Button>
      </Stack>
    </Paper>
  );
}

function Scale({ metric, put }: { metric: Question; put: Put }) {
  return (
    <div className="scale">
      {[0, 1].map((end) => (
        <NumberInput
          key={end}
          label={end ? text.design.highest : text.design.lowest}
          value={Number((metric.scale as number[] | null)?.[end] ?? (end ? 7 : 1))}
          onChange={(value) => {
            const scale = [...((metric.scale as number[] | null) ?? [1, 7])];
            scale[end] = Number(value);
            put({ scale: scale as Question["scale"] });
          }}
        />
      ))}
    </div>
  );
}

/** One on each line; lines on which nothing stands yet are no options. */
function Options({ options, set }: { options: string[]; set: (options: string[]) => void }) {
  const [written, write] = useState("");
  const isOfThese = linesOf(written).join("\n") === options.join("\n");
  return (
    <Textarea
      label={text.design.options}
      description={text.design.optionsHint}
      autosize
      minRows={2}
      value={isOfThese ? written : options.join("\n")}
      onChange={(event) => {
        write(event.currentTarget.value);
        set(linesOf(event.currentTarget.value));
      }}
    />
  );
}

const linesOf = (written: string): string[] =>
  written
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** What its answers are for, which way is good, and how much harm would not matter. */
function Purpose({ metric, put }: { metric: Question; put: Put }) {
  const isGuard = metric.role === "guardrail";
  return (
    <>
      <Choice
        label={designing.role}
        none={designing.usualRole}
        options={ROLES.map((value) => ({ value, label: designing.roles[value] }))}
        value={metric.role}
        choose={(wanted) => {
          const role = ROLES.find((one) => one === wanted) ?? null;
          put(role === "guardrail" ? { role } : { role, margin: null });
        }}
      />
      {isScored(metric.type) ? (
        <Choice
          label={designing.better}
          options={WAYS.map((value) => ({ value, label: designing.ways[value] }))}
          value={metric.better ?? "higher"}
          choose={(way) => put({ better: way === "lower" ? way : "higher" })}
        />
      ) : null}
      {isGuard && isScored(metric.type) ? (
        <NumberInput
          label={designing.margin}
          description={metric.type === "binary" ? designing.marginShare : designing.marginPoints}
          min={0}
          step={metric.type === "binary" ? 0.01 : 0.1}
          decimalScale={3}
          placeholder={text.monitor.capPlaceholder}
          value={metric.margin ?? ""}
          onChange={(margin) => put({ margin: typeof margin === "number" && margin > 0 ? margin : null })}
        />
      ) : null}
    </>
  );
}
