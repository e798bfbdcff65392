// What is tested on whom: the kind of intervention, how people meet its arms, and for which segments it is.

import { Checkbox, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import type { Study } from "../../api/studies";
import { Choice } from "../../components/choice";
import { TYPES } from "../../design/catalogue";
import { change } from "../../design/draft";
import { segmentsOf, setIntervention, setTarget, targetsOf } from "../../design/edits";
import { title } from "../../format/format";
import { text } from "../../text/text";

export function InterventionEditor({ study }: { study: Study }) {
  const { intervention } = study;
  const design = intervention.design ?? "between";
  return (
    <Stack gap="md">
      <TextInput
        label={text.design.name}
        value={intervention.name}
        onChange={(event) => change(setIntervention({ name: event.currentTarget.value }))}
      />
      <Choice
        label={text.design.type}
        options={TYPES.map((value) => ({ value, label: title(value) }))}
        value={intervention.type}
        choose={(type) =>
          change(setIntervention({ type: TYPES.find((one) => one === type) ?? "marketing_intervention" }))
        }
      />
      <div>
        <Text size="sm" fw={600} mb={4}>
          {text.design.design}
        </Text>
        <SegmentedControl
          aria-label={text.design.design}
          data={[
            { value: "between", label: text.design.between },
            { value: "within", label: text.design.within },
          ]}
          value={design}
          onChange={(value) => change(setIntervention({ design: value === "within" ? "within" : "between" }))}
        />
        <Text className="fine" mt={4}>
          {design === "within" ? text.design.withinNote : text.design.betweenNote}
        </Text>
      </div>
      {segmentsOf(study).length ? (
        <Stack gap={6}>
          <Text size="sm" fw={600}>
            {text.design.targets}
          </Text>
          {segmentsOf(study).map((one) => (
            <Checkbox
              key={one.name}
              label={title(one.name)}
              checked={targetsOf(study).includes(one.name)}
              onChange={(event) => change(setTarget(one.name, event.currentTarget.checked))}
            />
          ))}
          <Text className="fine">{text.design.targetsNote}</Text>
        </Stack>
      ) : null}
    </Stack>
  );
}
