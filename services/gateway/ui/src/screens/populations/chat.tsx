// A conversation with one simulated person; the first word makes a simulation for it.

import { Button, Group, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Schema } from "../../api/client";
import { type Said, speak } from "../../api/placeQueries";
import { Panel, ProblemNotice } from "../../components/parts";
import { text } from "../../text/text";

interface Line {
  id: string;
  who: "you" | "person" | "thought";
  said: string;
}

const linesOf = (items: Said[]): Line[] =>
  items
    .filter((one) => one.kind === "talk" || one.kind === "think")
    .map((one) => ({ id: one.id, who: one.kind === "think" ? "thought" : "person", said: String(one.content) }));

export function Chat({ populationId, person }: { populationId: string; person: Schema["PersonView"] }) {
  const [lines, setLines] = useState<Line[]>([]);
  const [simulationId, setSimulation] = useState<string | null>(null);
  const [content, setContent] = useState("");
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: (said: string) =>
      speak({
        simulationId,
        populationId,
        agentId: person.agent_id,
        name: text.person.talk(person.name),
        content: said,
      }),
    onSuccess: (told) => {
      setSimulation(told.simulationId);
      const answer = linesOf(told.items);
      const late: Line = { id: crypto.randomUUID(), who: "thought", said: text.person.late };
      setLines((before) => [...before, ...(answer.length ? answer : [late])]);
      void client.invalidateQueries({ queryKey: ["uses", populationId] });
      void client.invalidateQueries({ queryKey: ["memory", told.simulationId] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const said = content.trim();
    if (!said || send.isPending) return;
    setLines((before) => [...before, { id: crypto.randomUUID(), who: "you", said }]);
    setContent("");
    send.mutate(said);
  };
  return (
    <Panel title={text.person.chat}>
      <ol className="chat" aria-live="polite">
        {lines.map((one) => (
          <li key={one.id} className={`line line-${one.who}`}>
            {one.who === "thought" ? <span className="fine">{text.person.thinks}</span> : null}
            <p>{one.said}</p>
          </li>
        ))}
        {send.isPending ? <li className="fine">{text.person.waiting}</li> : null}
      </ol>
      <ProblemNotice error={send.error} />
      <form onSubmit={submit}>
        <Group align="flex-end" gap="sm">
          <TextInput
            flex={1}
            label={text.person.say}
            value={content}
            maxLength={20_000}
            onChange={(event) => setContent(event.currentTarget.value)}
          />
          <Button type="submit" loading={send.isPending} disabled={!content.trim()}>
            {text.person.send}
          </Button>
        </Group>
      </form>
      <p className="fine">{text.person.chatNote}</p>
    </Panel>
  );
}
