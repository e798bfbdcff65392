// The contacts of a sequence, one after the other on the simulated clock: what each shows, where, when, and to whom.

import { Button, Checkbox, Group, Paper, Stack, Text, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schema } from "../../api/client";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { Wait } from "../../components/wait";
import { CHANNELS, TIMINGS, typeOf } from "../../design/catalogue";
import type { Metric } from "../../design/draft";
import { nameOf, replaced } from "../../design/edits";
import { minutesOf, UNITS, unitOf } from "../../design/waits";
import { capital, count, words } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";
import type { Written } from "./content";

type Condition = Schema["ConditionSpec"];

export interface Contact extends Written {
  name?: string | null;
  channel?: string | null;
  timing?: string;
  after?: string | null;
  at?: string | null;
  metrics?: Metric[];
  condition?: Condition | null;
  responds?: boolean;
}

interface Props<One extends Contact> {
  contacts: One[];
  set: (contacts: One[]) => void;
  /** Forms of what is shown and of what is asked: they are not the same everywhere. */
  parts: (contact: One, put: (part: Partial<One>) => void) => { content: ReactNode; asked: ReactNode };
}

export const choices = (names: string[], value: string) =>
  [...new Set([...names, value])].filter(Boolean).map((name) => ({ value: name, label: capital(words(name)) }));

export function Contacts<One extends Contact>({ contacts, set, parts }: Props<One>) {
  const put = (place: number) => (part: Partial<One>) => set(replaced(contacts, place, part));
  const moved = (place: number) => {
    const others = [...contacts];
    others.splice(place - 1, 0, ...others.splice(place, 1));
    set(others);
  };
  const add = () => set([...contacts, { name: free(contacts), content: "", channel: "email", after: "P1D" } as One]);
  return (
    <Stack gap="sm">
      {contacts.map((contact, place) => (
        <Paper
          // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being written here
          key={place}
          className="question"
          component="section"
          aria-label={`${designing.touchpoint} ${place + 1}`}
        >
          <Stack gap="sm">
            <Group justify="space-between" gap="xs">
              <Text size="sm" fw={600}>{`${designing.touchpoint} ${place + 1}`}</Text>
              <Text className="fine">{sinceStart(contacts.slice(0, place + 1))}</Text>
            </Group>
            <Form
              contact={contact}
              place={place}
              before={contacts.slice(0, place)}
              put={put(place) as (part: Contact) => void}
              {...parts(contact, put(place))}
            />
            <Group gap="xs">
              <Button variant="default" size="compact-sm" disabled={place === 0} onClick={() => moved(place)}>
                {designing.moveUp}
              </Button>
              <Button
                variant="subtle"
                color="red"
                size="compact-sm"
                disabled={contacts.length === 1}
                onClick={() => set(contacts.filter((_, other) => other !== place))}
              >
                {text.design.remove}
              </Button>
            </Group>
          </Stack>
        </Paper>
      ))}
      <Button variant="default" w="fit-content" leftSection={<Icon name="plus" size={15} />} onClick={add}>
        {designing.addTouchpoint}
      </Button>
    </Stack>
  );
}

function free(contacts: Contact[]): string {
  for (let number = contacts.length + 1; ; number += 1) {
    if (!contacts.some((one) => one.name === `contact_${number}`)) return `contact_${number}`;
  }
}

/** When the last of these arrives; nothing where the study says it in a way that is not drawn here. */
function sinceStart(contacts: Contact[]): string {
  let sum = 0;
  for (const { at, after } of contacts) {
    const minutes = minutesOf(at ?? after);
    if (minutes === null) return "";
    sum = at ? minutes : sum + minutes;
  }
  if (!sum) return designing.atStart;
  const unit = unitOf(Math.round(sum));
  return designing.afterStart(count(Math.round(sum) / UNITS[unit]), designing.units[unit]);
}

interface FormProps {
  contact: Contact;
  place: number;
  before: Contact[];
  put: (part: Contact) => void;
  content: ReactNode;
  asked: ReactNode;
}

function Form({ contact, place, before, put, content, asked }: FormProps) {
  return (
    <>
      <TextInput
        label={text.design.name}
        placeholder={`touch-${place + 1}`}
        value={contact.name ?? ""}
        onChange={(event) => put({ name: event.currentTarget.value })}
      />
      {content}
      <Group grow align="flex-start">
        <Choice
          label={text.design.channel}
          options={choices(CHANNELS, contact.channel ?? "")}
          none={text.design.notSaid}
          value={contact.channel}
          choose={(channel) => put({ channel })}
        />
        <Choice
          label={text.design.timing}
          options={choices(TIMINGS, contact.timing ?? "immediate")}
          value={contact.timing ?? "immediate"}
          choose={(timing) => put({ timing })}
        />
      </Group>
      {contact.at ? (
        <Wait label={designing.at} value={contact.at} set={(at) => put({ at })} />
      ) : (
        <Wait label={designing.after} value={contact.after} set={(after) => put({ after })} />
      )}
      <Who condition={contact.condition ?? null} before={before} set={(condition) => put({ condition })} />
      {asked}
      {contact.metrics?.length ? null : (
        <Checkbox
          label={designing.silent}
          checked={contact.responds === false}
          onChange={(event) => put({ responds: event.currentTarget.checked ? false : undefined })}
        />
      )}
    </>
  );
}

/** Everybody, or those who said yes or no to something that an earlier contact asked. */
function Who(props: { condition: Condition | null; before: Contact[]; set: (condition: Condition | null) => void }) {
  const { condition, before, set } = props;
  const asked = [...new Set(before.flatMap((one) => (one.metrics ?? []).filter(isBinary).map(nameOf)))];
  const drawn = asked.flatMap((metric) => [true, false].map((value) => ({ metric, value })));
  const keyOf = (metric: string, value: unknown) => `${metric} ${value}`;
  const isDrawn =
    condition === null ||
    (condition.operator !== "is_not" &&
      !condition.touchpoint &&
      drawn.some((one) => one.metric === condition.metric && one.value === condition.value));
  if (!drawn.length && isDrawn) return null;
  const options = drawn.map(({ metric, value }) => ({
    value: keyOf(metric, value),
    label: designing.those(words(metric), value),
  }));
  const own = { value: "own", label: designing.asInFile };
  return (
    <Choice
      label={designing.who}
      none={designing.everybodyMeets}
      options={isDrawn ? options : [...options, own]}
      value={isDrawn ? (condition ? keyOf(condition.metric ?? "", condition.value) : undefined) : own.value}
      choose={(key) => {
        const one = drawn.find(({ metric, value }) => keyOf(metric, value) === key);
        if (key !== own.value) set(one ? ({ ...one } as Condition) : null);
      }}
    />
  );
}

const isBinary = (metric: Metric): boolean => typeOf(metric) === "binary";
