// What is measured and how sure one wants to be. The first metric is the primary one: the verdict is about it.

import { NumberInput, Stack, Text } from "@mantine/core";
import type { Study } from "../../api/studies";
import { Choice } from "../../components/choice";
import { typeOf } from "../../design/catalogue";
import { change, type Metric } from "../../design/draft";
import { metricsOf, nameOf, setIntervention, setMetrics, setWorth } from "../../design/edits";
import { words } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";
import { MetricPicker } from "./metricPicker";

export function AnalysisEditor({ study }: { study: Study }) {
  const metrics = metricsOf(study);
  return (
    <Stack gap="md">
      <MetricPicker metrics={metrics} set={(next) => change(setMetrics(next))} isRanked />
      {metrics.map((metric) => (
        <Worth key={nameOf(metric)} study={study} metric={metric} />
      ))}
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
      <Text className="fine">{designing.freeze}</Text>
    </Stack>
  );
}

/** The smallest effect that a metric's power is about; texts and orders have none. */
function Worth({ study, metric }: { study: Study; metric: Metric }) {
  const type = typeOf(metric);
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
