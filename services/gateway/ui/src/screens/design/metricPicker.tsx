// What is asked: metrics chosen from the catalogue, in the order in which they need each other, and questions of one's own.

import { Button, Checkbox, ScrollArea, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { Icon } from "../../components/icons";
import { KNOWN, mayBePrimary, roleOf } from "../../design/catalogue";
import type { Metric, Question } from "../../design/draft";
import { chainOf, madePrimary, nameOf, primaryOf, toggled, withQuestion } from "../../design/edits";
import { title, words } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";
import { QuestionEditor } from "./questionEditor";

interface Props {
  metrics: Metric[];
  set: (metrics: Metric[]) => void;
  /** They have roles: one is primary. */
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
          <QuestionEditor key={place} metric={metric} set={put(place)} hasRole={isRanked} />
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
  const primary = isRanked ? primaryOf(metrics) : [];
  return (
    <ol className="metrics">
      {metrics.map((metric, place) => (
        <li key={nameOf(metric)}>
          <strong>{title(nameOf(metric))}</strong>{" "}
          {isRanked ? <span className="fine">{roleText(metric, primary)}</span> : null}
          {isRanked && mayBePrimary(metric) && !(primary.length === 1 && primary.includes(nameOf(metric))) ? (
            <Button variant="subtle" size="compact-xs" onClick={() => set(madePrimary(metrics, place))}>
              {text.design.makePrimary}
            </Button>
          ) : null}
        </li>
      ))}
    </ol>
  );
}

const roleText = (metric: Metric, primary: string[]): string =>
  primary.includes(nameOf(metric)) ? text.design.primary : roleOf(metric) === "guardrail" ? text.design.guardrail : "";

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
