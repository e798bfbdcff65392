// What concerns the whole study and no node of it: its name, what its people think with, and the seed.

import { NumberInput, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { models } from "../../api/eventQueries";
import type { Study } from "../../api/studies";
import { Choice } from "../../components/choice";
import { Panel } from "../../components/parts";
import { change } from "../../design/draft";
import { setStudy } from "../../design/edits";
import { designing } from "../../text/designing";
import { text } from "../../text/text";

const OFFLINE = "offline";
const FIRST = "study-name";

export const focusStudy = (): void => document.getElementById(FIRST)?.focus();

export function StudyEditor({ study }: { study: Study }) {
  const known = useQuery(models).data?.items ?? [];
  const model = study.model ?? OFFLINE;
  const thinking = known.filter((one) => one.kind !== "embeddings").map((one) => one.model);
  const names = [...new Set([OFFLINE, ...thinking, model])];
  return (
    <Panel title={designing.study}>
      <Stack gap="sm">
        <TextInput
          id={FIRST}
          label={designing.studyName}
          value={study.name}
          onChange={(event) => change(setStudy({ name: event.currentTarget.value }))}
        />
        <Choice
          label={text.design.model}
          description={text.design.modelNote}
          options={names.map((value) => ({ value, label: value }))}
          value={model}
          choose={(name) => change(setStudy({ model: name ?? OFFLINE }))}
        />
        <NumberInput
          label={text.design.seed}
          description={text.design.seedNote}
          value={study.seed ?? ""}
          min={0}
          onChange={(seed) => change(setStudy({ seed: typeof seed === "number" ? seed : null }))}
        />
      </Stack>
    </Panel>
  );
}
