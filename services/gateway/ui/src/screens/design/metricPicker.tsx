// What is asked: metrics chosen from the catalogue, in the order in which they need each other, and questions of one's own.

import { Button, Checkbox, NumberInput, Paper, ScrollArea, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { KNOWN } from "../../design/catalogue";
import type { Metric, Question } from "../../design/draft";
import { chainOf, nameOf, toggled, withQuestion } from "../../design/edits";
import { title, words } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";

const TYPES = ["binary", "ordinal", "numeric", "choice", "ranking", "text"] as const;
const hasScale = (type: string) => type === "ordinal" || type === "numeric";
const hasOptions = (type: string) => type === "choice" || type === "ranking";

interface Props {
  metrics: Metric[];
  set: (metrics: Metric[]) => void;
  /** The first is the primary one. */
  isRanked?: boolean;
}

export function MetricPicker({ metrics, set, isRanked = false }: Props) {
  const put = (place: number) => (next: Question | null) =>
    set(metrics.flatMap((one, other) => (other === place ? (next ? [next] : []) : [one])));
  return (
    <Stack gap="md">
      {metrics.length ? <Chosen metrics={metrics} set={set} isRanked={isRanked} /> : null}
      <Funnel metrics={metrics} />
      <Catalogue metrics={metrics} set={set} />
      {metrics.map((metric, place) =>
        typeof metric === "string" ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being written here
          <QuestionEditor key={place} metric={metric} set={put(place)} />
        ),
      )}
      <Button
        variant="default"
        leftSection={<Icon name="plus" size={15} />}
        w="fit-content"
        onClick={() => set(withQuestion(metrics))}
      >
        {text.design.addQuestion}
      </Button>
    </Stack>
  );
}

/** The same, folded up to what is chosen: for forms that have other things to ask. */
export function AskedHere(props: Props) {
  const said = props.metrics.map(nameOf).map(words).join(", ");
  return (
    <details className="asked">
      <summary>
        {designing.asked}: <strong>{said || designing.nothingAsked}</strong>
      </summary>
      <MetricPicker {...props} />
    </details>
  );
}

function Chosen({ metrics, set, isRanked = false }: Props) {
  return (
    <ol className="metrics">
      {metrics.map((metric, place) => (
        <li key={nameOf(metric)}>
          <strong>{title(nameOf(metric))}</strong>{" "}
          {isRanked && place === 0 ? <span className="fine">{text.design.primary}</span> : null}
          {isRanked && place ? (
            <Button
              variant="subtle"
              size="compact-xs"
              onClick={() => set([metric, ...metrics.filter((_, other) => other !== place)])}
            >
              {text.design.makePrimary}
            </Button>
          ) : null}
        </li>
      ))}
    </ol>
  );
}

/** Metrics that need each other, from the first to the last. */
function Funnel({ metrics }: { metrics: Metric[] }) {
  const chains = metrics.map((one) => chainOf(one, metrics)).filter((one) => one.length > 1);
  const whole = chains.filter(
    (one) => !chains.some((other) => other.length > one.length && other.includes(one.at(-1) ?? "")),
  );
  if (!whole.length) return null;
  return (
    <p className="fine funnel">
      {designing.funnel}{" "}
      {whole.map((one) => (
        <strong key={one.join()}>{one.map(words).join(" → ")}</strong>
      ))}
    </p>
  );
}

function Catalogue({ metrics, set }: Props) {
  const [wanted, want] = useState("");
  const chosen = metrics.map(nameOf);
  const shown = KNOWN.filter((one) =>
    `${one.name} ${one.question}`.replaceAll("_", " ").toLowerCase().includes(wanted.toLowerCase()),
  );
  const about = (one: (typeof KNOWN)[number]) =>
    [
      text.design.answerTypes[one.type],
      one.requires ? text.design.needs(title(one.requires)) : "",
      one.is_guardrail ? text.design.guardrail : "",
      one.is_control ? text.results.control : "",
      one.question,
    ]
      .filter(Boolean)
      .join(" · ");
  return (
    <div>
      <TextInput
        label={text.design.catalogue}
        leftSection={<Icon name="search" size={15} />}
        value={wanted}
        onChange={(event) => want(event.currentTarget.value)}
      />
      <ScrollArea.Autosize mah={230} mt={8} viewportProps={{ tabIndex: 0 }}>
        <Stack gap={8}>
          {shown.map((one) => (
            <Checkbox
              key={one.name}
              label={title(one.name)}
              description={about(one)}
              checked={chosen.includes(one.name)}
              onChange={() => set(toggled(metrics, one.name))}
            />
          ))}
          {shown.length ? null : <Text className="fine">{text.people.none}</Text>}
        </Stack>
      </ScrollArea.Autosize>
    </div>
  );
}

function QuestionEditor({ metric, set }: { metric: Question; set: (next: Question | null) => void }) {
  const put = (part: Partial<Question>) => set({ ...metric, ...part });
  const retype = (type: Question["type"]) =>
    put({
      type,
      scale: hasScale(type) ? (metric.scale ?? [1, 7]) : null,
      options: hasOptions(type) ? (metric.options?.length ? metric.options : ["", ""]) : [],
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
        {hasScale(metric.type) ? (
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
        ) : null}
        {hasOptions(metric.type) ? (
          <Textarea
            label={text.design.options}
            description={text.design.optionsHint}
            autosize
            minRows={2}
            value={(metric.options ?? []).join("\n")}
            onChange={(event) => put({ options: event.currentTarget.value.split("\n") })}
          />
        ) : null}
        <Button variant="subtle" color="red" size="compact-sm" w="fit-content" onClick={() => set(null)}>
          {text.design.remove}
        </Button>
      </Stack>
    </Paper>
  );
}
