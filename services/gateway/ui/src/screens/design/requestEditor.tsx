// One step of a protocol: a survey or message to everybody, a conversation in groups, or a journey of contacts.

import { Button, Checkbox, Group, NumberInput, Paper, Stack, Text, Textarea, TextInput } from "@mantine/core";
import type { Request, Study } from "../../api/studies";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { CHANNELS } from "../../design/catalogue";
import { change, type Metric } from "../../design/draft";
import { raiseRequest, removeRequest, requestsOf, segmentsOf, setRequest } from "../../design/edits";
import { capital, title, words } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";

type Talk = Extract<Request, { topic: string }>;
type Journey = Extract<Request, { touchpoints: unknown }>;
type Broadcast = Exclude<Request, Talk | Journey>;
type Contact = Journey["touchpoints"][number];
type Set<T> = (part: Partial<T>) => void;

const TALKS = ["focus_group", "interview", "open"] as const;
const known = (value: string) =>
  [...new Set(["survey", ...CHANNELS, value])].map((name) => ({ value: name, label: capital(words(name)) }));

export function RequestEditor({ study, index }: { study: Study; index: number }) {
  const request = requestsOf(study)[index];
  if (!request) return null;
  const set: Set<Request> = (part) => change(setRequest(index, { ...request, ...part } as Request));
  return (
    <Stack gap="md">
      {"touchpoints" in request ? (
        <JourneyForm journey={request} set={set as Set<Journey>} />
      ) : "topic" in request ? (
        <TalkForm talk={request} set={set as Set<Talk>} />
      ) : (
        <BroadcastForm broadcast={request} set={set as Set<Broadcast>} />
      )}
      <Targets
        study={study}
        targets={request.target_segments ?? []}
        set={(target_segments) => set({ target_segments })}
      />
      <Group gap="sm">
        <Button variant="default" disabled={index === 0} onClick={() => change(raiseRequest(index))}>
          {designing.earlier}
        </Button>
        <Button
          variant="default"
          leftSection={<Icon name="trash" size={15} />}
          disabled={requestsOf(study).length === 1}
          onClick={() => change(removeRequest(index))}
        >
          {text.design.remove}
        </Button>
      </Group>
    </Stack>
  );
}

function Targets(props: { study: Study; targets: string[]; set: (targets: string[]) => void }) {
  const segments = segmentsOf(props.study);
  if (!segments.length) return null;
  return (
    <Stack gap={6}>
      <Text size="sm" fw={500}>
        {text.design.targets}
      </Text>
      {segments.map(({ name }) => (
        <Checkbox
          key={name}
          label={title(name)}
          checked={props.targets.includes(name)}
          onChange={(event) =>
            props.set(
              event.currentTarget.checked ? [...props.targets, name] : props.targets.filter((one) => one !== name),
            )
          }
        />
      ))}
      <Text className="fine">{text.design.targetsNote}</Text>
    </Stack>
  );
}

function BroadcastForm({ broadcast, set }: { broadcast: Broadcast; set: Set<Broadcast> }) {
  return (
    <>
      <Said label={text.design.content} value={broadcast.content} set={(content) => set({ content })} />
      <Channel value={broadcast.channel ?? "in_person"} set={(channel) => set({ channel })} />
      <Asked metrics={broadcast.metrics ?? []} set={(metrics) => set({ metrics })} />
    </>
  );
}

function TalkForm({ talk, set }: { talk: Talk; set: Set<Talk> }) {
  return (
    <>
      <Choice
        label={designing.kindOfTalk}
        options={TALKS.map((value) => ({ value, label: title(value) }))}
        value={talk.kind ?? "focus_group"}
        choose={(kind) => set({ kind: TALKS.find((one) => one === kind) ?? "focus_group" })}
      />
      <Said label={designing.topic} value={talk.topic} set={(topic) => set({ topic })} />
      <Textarea
        label={designing.prompts}
        description={designing.promptsHint}
        autosize
        minRows={3}
        value={(talk.prompts ?? []).join("\n")}
        onChange={(event) => set({ prompts: event.currentTarget.value ? event.currentTarget.value.split("\n") : [] })}
      />
      <Group grow>
        <NumberInput
          label={designing.groups}
          min={1}
          value={talk.groups ?? 1}
          onChange={(groups) => (typeof groups === "number" ? set({ groups }) : undefined)}
        />
        <NumberInput
          label={designing.groupSize}
          min={2}
          placeholder={designing.everybody}
          value={talk.group_size ?? ""}
          onChange={(size) => set({ group_size: typeof size === "number" ? size : null })}
        />
      </Group>
      <Asked metrics={talk.metrics ?? []} set={(metrics) => set({ metrics })} />
    </>
  );
}

function JourneyForm({ journey, set }: { journey: Journey; set: Set<Journey> }) {
  const contacts = journey.touchpoints;
  const put = (place: number, part: Partial<Contact>) =>
    set({ touchpoints: contacts.map((one, index) => (index === place ? { ...one, ...part } : one)) });
  const add = () =>
    set({
      touchpoints: [...contacts, { name: `contact_${contacts.length + 1}`, content: "", after: "P1D" } as Contact],
    });
  return (
    <>
      {contacts.map((contact, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being written here
        <Paper key={index} className="question" component="section" aria-label={`${designing.touchpoint} ${index + 1}`}>
          <Stack gap="xs">
            <TextInput
              label={text.design.name}
              value={contact.name}
              onChange={(event) => put(index, { name: event.currentTarget.value })}
            />
            <Said
              label={text.design.content}
              value={contact.content ?? ""}
              set={(content) => put(index, { content })}
            />
            <Group grow align="flex-start">
              <Channel value={contact.channel ?? "email"} set={(channel) => put(index, { channel })} />
              <TextInput
                label={designing.after}
                description={designing.afterHint}
                value={contact.after ?? "PT0S"}
                onChange={(event) => put(index, { after: event.currentTarget.value.toUpperCase() })}
              />
            </Group>
            <Asked metrics={contact.metrics ?? []} set={(metrics) => put(index, { metrics })} />
            <Button
              variant="subtle"
              color="red"
              size="compact-sm"
              w="fit-content"
              disabled={contacts.length === 1}
              onClick={() => set({ touchpoints: contacts.filter((_, place) => place !== index) })}
            >
              {text.design.remove}
            </Button>
          </Stack>
        </Paper>
      ))}
      <Button variant="default" w="fit-content" leftSection={<Icon name="plus" size={15} />} onClick={add}>
        {designing.addTouchpoint}
      </Button>
    </>
  );
}

function Said(props: { label: string; value: string; set: (value: string) => void }) {
  return (
    <Textarea
      label={props.label}
      autosize
      minRows={3}
      maxRows={16}
      maxLength={20_000}
      value={props.value}
      onChange={(event) => props.set(event.currentTarget.value)}
    />
  );
}

function Channel({ value, set }: { value: string; set: (channel: string) => void }) {
  return (
    <Choice
      label={text.design.channel}
      options={known(value)}
      value={value}
      choose={(channel) => set(channel ?? value)}
    />
  );
}

/** Names of metrics; a question that stands in the file as a whole is kept where it is. */
function Asked({ metrics, set }: { metrics: Metric[]; set: (metrics: Metric[]) => void }) {
  const own = metrics.filter((one) => typeof one !== "string");
  const write = (names: string) => set([...own, ...(names ? names.split("\n") : [])]);
  return (
    <Textarea
      label={designing.asked}
      description={designing.askedHint}
      autosize
      minRows={2}
      value={metrics.filter((one) => typeof one === "string").join("\n")}
      onChange={(event) => write(event.currentTarget.value)}
    />
  );
}
