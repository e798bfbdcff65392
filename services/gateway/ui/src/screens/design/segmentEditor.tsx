// A named part of the population: who they are in words, what was understood of that, and which fragments they carry.

import { Button, Checkbox, ScrollArea, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { fragments, sketch } from "../../api/designQueries";
import type { Study } from "../../api/studies";
import { Icon } from "../../components/icons";
import { change, type Segment } from "../../design/draft";
import { removeSegment, segmentsOf, setSegment, setTarget, targetsOf } from "../../design/edits";
import { type Maybe, number, title, words } from "../../format/format";
import { text } from "../../text/text";
import { SizeInput } from "./populationEditor";
import { useSettled } from "./useSettled";

export function SegmentEditor({ study, index }: { study: Study; index: number }) {
  const segment = segmentsOf(study)[index];
  if (!segment) return null;
  const set = (part: Partial<Segment>) => change(setSegment(index, part));
  return (
    <Stack gap="md">
      <TextInput
        label={text.design.name}
        value={segment.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <SizeInput
        label={text.design.size}
        value={segment.size}
        choose={(size) => set({ size })}
        most={study.population.size}
      />
      <Textarea
        label={text.design.particularities}
        description={text.design.particularitiesHint}
        autosize
        minRows={2}
        value={segment.particularities}
        onChange={(event) => set({ particularities: event.currentTarget.value })}
      />
      <Understood study={study} segment={segment} />
      <Checkbox
        label={text.design.isTarget}
        checked={targetsOf(study).includes(segment.name)}
        onChange={(event) => change(setTarget(segment.name, event.currentTarget.checked))}
      />
      <Fragments segment={segment} set={set} />
      <Button
        variant="default"
        leftSection={<Icon name="trash" size={15} />}
        w="fit-content"
        onClick={() => change(removeSegment(index))}
      >
        {text.design.remove}
      </Button>
    </Stack>
  );
}

/** What the platform makes of the words; what it does not understand it says, and draws nobody by it. */
function Understood({ study, segment }: { study: Study; segment: Segment }) {
  const population = useSettled(study.population);
  const drawn = useQuery(sketch(population, segment.particularities.trim() !== ""));
  const told = drawn.data?.segments.find((one) => one.name === segment.name);
  if (!told || !segment.particularities.trim()) return null;
  return (
    <div className="understood">
      {told.understood.map((one) => (
        <p key={one.text} className="fine">
          <span className="good">
            <Icon name="check" size={13} />
          </span>{" "}
          <strong>{one.text}</strong>
          {` → ${words(one.about)} ${one.allowed.length ? one.allowed.join(", ") : between(one.minimum, one.maximum)}`}
        </p>
      ))}
      {told.not_understood.map((one) => (
        <p key={one} className="fine failed">
          <Icon name="warning" size={13} /> {text.design.notUnderstood(one)}
        </p>
      ))}
    </div>
  );
}

function between(low: Maybe, high: Maybe): string {
  if (low == null || high == null) return low == null ? `≤ ${number(high)}` : `≥ ${number(low)}`;
  return low === high ? number(low) : `${number(low)}–${number(high)}`;
}

function Fragments({ segment, set }: { segment: Segment; set: (part: Partial<Segment>) => void }) {
  const known = useQuery(fragments);
  const [wanted, want] = useState("");
  const chosen = segment.fragments ?? [];
  const items = (known.data?.items ?? []).filter((one) =>
    `${one.name} ${one.category} ${one.description}`.toLowerCase().includes(wanted.toLowerCase()),
  );
  const toggle = (name: string) =>
    set({ fragments: chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name] });
  return (
    <div>
      <TextInput
        label={text.design.fragments}
        placeholder={text.design.fragmentsHint}
        leftSection={<Icon name="search" size={15} />}
        value={wanted}
        onChange={(event) => want(event.currentTarget.value)}
      />
      <ScrollArea.Autosize mah={260} mt={8} viewportProps={{ tabIndex: 0 }}>
        <Stack gap={8}>
          {items.map((one) => (
            <Checkbox
              key={one.name}
              label={title(one.name)}
              description={`${one.description} ${effects(one.traits)}`}
              checked={chosen.includes(one.name)}
              onChange={() => toggle(one.name)}
            />
          ))}
          {items.length ? null : <Text className="fine">{text.people.none}</Text>}
        </Stack>
      </ScrollArea.Autosize>
    </div>
  );
}

const effects = (traits: Record<string, number>) =>
  Object.entries(traits)
    .map(([name, value]) => `${words(name)} ${value > 0 ? "+" : "−"}${Math.abs(value)}`)
    .join(", ");
