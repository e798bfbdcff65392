// One step of a protocol: a survey or message to everybody, a conversation in groups, or a journey of contacts.

import { Button, Checkbox, Group, NumberInput, Stack, Text, Textarea, TextInput } from "@mantine/core";
import type { Request, Study } from "../../api/studies";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { CHANNELS } from "../../design/catalogue";
import { change } from "../../design/draft";
import { FIRST_AGENT, raiseRequest, removeRequest, requestsOf, segmentsOf, setRequest } from "../../design/edits";
import { title } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";
import { Contacts, choices } from "./contacts";
import { AskedHere } from "./metricPicker";

type Talk = Extract<Request, { topic: string }>;
type Journey = Extract<Request, { touchpoints: unknown }>;
type Broadcast = Exclude<Request, Talk | Journey>;
type Set<T> = (part: Partial<T>) => void;

const TALKS = ["focus_group", "interview", "open"] as const;

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
      <Text size="sm" fw={600}>
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
      <AskedHere metrics={broadcast.metrics ?? []} set={(metrics) => set({ metrics })} />
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
        choose={(wanted) => {
          const kind = TALKS.find((one) => one === wanted) ?? "focus_group";
          set({ kind, interviewer_id: kind === "interview" ? (talk.interviewer_id ?? FIRST_AGENT) : undefined });
        }}
      />
      {talk.kind === "interview" ? (
        <TextInput
          label={designing.interviewer}
          description={designing.interviewerHint}
          value={talk.interviewer_id ?? ""}
          onChange={(event) => set({ interviewer_id: event.currentTarget.value })}
        />
      ) : null}
      <TextInput
        label={designing.moderator}
        placeholder={designing.usualModerator}
        maxLength={120}
        value={talk.moderator ?? ""}
        onChange={(event) => set({ moderator: event.currentTarget.value || undefined })}
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
      <Group grow align="flex-start">
        <NumberInput
          label={talk.kind === "interview" ? designing.interviews : designing.groups}
          min={1}
          value={talk.groups ?? 1}
          onChange={(groups) => (typeof groups === "number" ? set({ groups }) : undefined)}
        />
        {talk.kind === "interview" ? null : (
          <NumberInput
            label={designing.groupSize}
            min={2}
            max={64}
            placeholder={designing.usualGroup}
            value={talk.group_size ?? ""}
            onChange={(size) => set({ group_size: typeof size === "number" ? size : null })}
          />
        )}
      </Group>
      <AskedHere metrics={talk.metrics ?? []} set={(metrics) => set({ metrics })} />
    </>
  );
}

function JourneyForm({ journey, set }: { journey: Journey; set: Set<Journey> }) {
  return (
    <Contacts
      contacts={journey.touchpoints}
      set={(touchpoints) => set({ touchpoints })}
      parts={(contact, put) => ({
        content: <Said label={text.design.content} value={contact.content ?? ""} set={(content) => put({ content })} />,
        asked: <AskedHere metrics={contact.metrics ?? []} set={(metrics) => put({ metrics })} />,
      })}
    />
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
      options={choices(["survey", ...CHANNELS], value)}
      value={value}
      choose={(channel) => set(channel ?? value)}
    />
  );
}
