// What is measured and how sure one wants to be. The first metric is the primary one: the verdict is about it.

import { Button, Checkbox, NumberInput, Paper, ScrollArea, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Study } from "../../api/studies";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { KNOWN } from "../../design/catalogue";
import { change, type Metric, type Question } from "../../design/draft";
import {
  addQuestion,
  metricsOf,
  nameOf,
  setIntervention,
  setMetrics,
  setWorth,
  toggleMetric,
} from "../../design/edits";
import { title, words } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";

const TYPES = ["binary", "ordinal", "numeric", "choice", "ranking", "text"] as const;
const hasScale = (type: string) => type === "ordinal" || type === "numeric";
const hasOptions = (type: string) => type === "choice" || type === "ranking";

export function AnalysisEditor({ study }: { study: Study }) {
  const metrics = metricsOf(study);
  return (
    <Stack gap="md">
      <ol className="metrics">
        {metrics.map((metric, index) => (
          <li key={nameOf(metric)}>
            <strong>{title(nameOf(metric))}</strong>{" "}
            {index === 0 ? <span className="fine">{text.design.primary}</span> : null}
            {index ? (
              <Button
                variant="subtle"
                size="compact-xs"
                onClick={() => change(setMetrics([metric, ...metrics.filter((_, place) => place !== index)]))}
              >
                {text.design.makePrimary}
              </Button>
            ) : null}
          </li>
        ))}
      </ol>
      {metrics.map((metric) => (
        <Worth key={nameOf(metric)} study={study} metric={metric} />
      ))}
      <Catalogue study={study} />
      {metrics.map((metric, index) =>
        typeof metric === "string" ? null : (
          <QuestionEditor
            // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being written here
            key={index}
            metric={metric}
            set={(next) =>
              change(setMetrics(metrics.flatMap((one, place) => (place === index ? (next ? [next] : []) : [one]))))
            }
          />
        ),
      )}
      <Button
        variant="default"
        leftSection={<Icon name="plus" size={15} />}
        w="fit-content"
        onClick={() => change(addQuestion)}
      >
        {text.design.addQuestion}
      </Button>
      <NumberInput
        label={text.design.alpha}
        description={text.design.alphaNote}
        min={0.001}
        max={0.2}
        step={0.01}
        decimalScale={3}
        value={study.intervention.alpha ?? 0.05}
        onChange={(alpha) => (typeof alpha === "number" && alpha > 0 ? change(setIntervention({ alpha })) : undefined)}
      />
      <Choice
        label={text.design.correction}
        options={[
          { value: "holm", label: text.design.holm },
          { value: "benjamini_hochberg", label: text.design.benjamini },
        ]}
        value={study.intervention.correction ?? "holm"}
        choose={(one) => change(setIntervention({ correction: one === "benjamini_hochberg" ? one : "holm" }))}
      />
    </Stack>
  );
}

/** The smallest effect that a metric's power is about; texts and orders have none. */
function Worth({ study, metric }: { study: Study; metric: Metric }) {
  const type = typeof metric === "string" ? KNOWN.find((one) => one.name === metric)?.type : metric.type;
  const name = nameOf(metric);
  if (!type || !["binary", "ordinal", "numeric"].includes(type)) return null;
  return (
    <NumberInput
      label={designing.mde(words(name))}
      description={type === "binary" ? designing.mdeShare : designing.mdeDeviations}
      min={0}
      step={type === "binary" ? 0.01 : 0.05}
      decimalScale={3}
      placeholder={text.monitor.capPlaceholder}
      value={study.intervention.mde?.[name] ?? ""}
      onChange={(worth) => change(setWorth(name, typeof worth === "number" && worth > 0 ? worth : null))}
    />
  );
}

function Catalogue({ study }: { study: Study }) {
  const [wanted, want] = useState("");
  const chosen = metricsOf(study).map(nameOf);
  const shown = KNOWN.filter((one) =>
    `${one.name} ${one.question}`.replaceAll("_", " ").toLowerCase().includes(wanted.toLowerCase()),
  );
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
              description={`${one.type}${one.requires ? ` · ${text.design.needs(title(one.requires))}` : ""}${one.is_guardrail ? ` · ${text.design.guardrail}` : ""} · ${one.question}`}
              checked={chosen.includes(one.name)}
              onChange={() => change(toggleMetric(one.name))}
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
