// One arm of an intervention: what is shown, where and when, beside how it will look there.

import { Button, Checkbox, Group, SegmentedControl, Stack, TextInput } from "@mantine/core";
import type { Study } from "../../api/studies";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { Wait } from "../../components/wait";
import { CHANNELS, TIMINGS } from "../../design/catalogue";
import { change, type Variant } from "../../design/draft";
import { asMessage, asSequence, metricsOf, nameOf, removeVariant, setVariant } from "../../design/edits";
import { words } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";
import { Contacts, choices } from "./contacts";
import { Content } from "./content";
import { MediaEditor } from "./mediaEditor";
import { Preview } from "./preview";
import { Trial } from "./trial";

export function VariantEditor({ study, index }: { study: Study; index: number }) {
  const variant = study.intervention.variants[index];
  if (!variant) return null;
  const set = (part: Partial<Variant>) => change(setVariant(index, part));
  const isSequence = !!variant.touchpoints?.length;
  return (
    <Stack gap="md">
      <TextInput
        label={text.design.name}
        value={variant.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <SegmentedControl
        aria-label={designing.scheduled}
        w="fit-content"
        data={[
          { value: "message", label: designing.oneMessage },
          { value: "sequence", label: designing.sequence },
        ]}
        value={isSequence ? "sequence" : "message"}
        onChange={(to) => set(to === "sequence" ? asSequence(variant) : asMessage(variant))}
      />
      {isSequence ? <Sequence study={study} variant={variant} set={set} /> : <Message variant={variant} set={set} />}
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

function Message({ variant, set }: { variant: Variant; set: (part: Partial<Variant>) => void }) {
  return (
    <>
      <Group grow align="flex-start">
        <Choice
          label={text.design.channel}
          options={choices(CHANNELS, variant.channel ?? "")}
          none={text.design.notSaid}
          value={variant.channel}
          choose={(channel) => set({ channel })}
        />
        <Choice
          label={text.design.timing}
          options={choices(TIMINGS, variant.timing)}
          value={variant.timing}
          choose={(timing) => set({ timing: timing ?? "immediate" })}
        />
      </Group>
      <Wait label={text.design.after} value={variant.after} set={(after) => set({ after })} />
      <Content written={variant} set={set} />
      <MediaEditor media={variant.media ?? []} set={(media) => set({ media })} />
    </>
  );
}

/** The contacts of a sequence; each may ask some of what the study measures right there. */
function Sequence({ study, variant, set }: { study: Study; variant: Variant; set: (part: Partial<Variant>) => void }) {
  const measured = metricsOf(study).map(nameOf);
  return (
    <Contacts
      contacts={variant.touchpoints ?? []}
      set={(touchpoints) => set({ touchpoints })}
      parts={(contact, put) => ({
        content: (
          <>
            <Content written={contact} set={(part) => put(part as Partial<typeof contact>)} />
            <MediaEditor media={contact.media ?? []} set={(media) => put({ media })} />
          </>
        ),
        asked: (
          <Checkbox.Group
            label={designing.askedThere}
            description={designing.askedThereHint}
            value={contact.metrics ?? []}
            onChange={(metrics) =>
              put({ metrics: measured.filter((name) => metrics.includes(name)), responds: undefined })
            }
          >
            <Group gap="sm" mt={6}>
              {measured.map((name) => (
                <Checkbox key={name} value={name} label={words(name)} />
              ))}
            </Group>
          </Checkbox.Group>
        ),
      })}
    />
  );
}
