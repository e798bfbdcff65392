// What a simulation costs, against its cap. At the cap it pauses and loses nothing; with a higher one it goes on.

import { Button, Group, NumberInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schema } from "../../api/client";
import { budget } from "../../api/queries";
import { Meter, Panel, ProblemNotice, Stat } from "../../components/parts";
import { count, dollars, large } from "../../format/format";
import { isOver } from "../../live/run";
import { text } from "../../text/text";

const POLL_MS = 2_000;
const CAPS = ["cost_usd", "tokens", "calls"] as const;

export function Cost({ id, usage, state }: { id: string; usage: Schema["Usage"]; state: string }) {
  const told = useQuery({ ...budget(id), refetchInterval: isOver(state) ? false : POLL_MS });
  const caps = CAPS.filter((name) => told.data?.cap[name] != null);
  return (
    <Panel title={text.monitor.cost}>
      <dl className="stats">
        <Stat label={text.monitor.cost}>{dollars(usage.cost_usd)}</Stat>
        <Stat label={text.monitor.calls}>{count(usage.calls)}</Stat>
        <Stat label={text.monitor.cached}>{count(usage.cached_calls)}</Stat>
        <Stat label={text.monitor.prompt}>{large(usage.prompt_tokens)}</Stat>
        <Stat label={text.monitor.completion}>{large(usage.completion_tokens)}</Stat>
      </dl>
      {caps.map((name) => (
        <Burn key={name} name={name} spent={told.data?.spent[name] ?? 0} cap={told.data?.cap[name] ?? 0} />
      ))}
      {told.data && !caps.length ? <p className="fine cap-note">{text.monitor.noCap}</p> : null}
      {told.data && !isOver(state) ? <Raise id={id} cap={told.data.cap.cost_usd ?? null} /> : null}
    </Panel>
  );
}

function Burn({ name, spent, cap }: { name: (typeof CAPS)[number]; spent: number; cap: number }) {
  const show = name === "cost_usd" ? dollars : count;
  return (
    <div className="burn">
      <span className="counts">{text.monitor.burn(show(spent), show(cap), text.monitor.caps[name])}</span>
      <Meter part={spent} total={cap} label={text.monitor.caps[name]} arm={spent >= cap ? 1 : 0} />
    </div>
  );
}

function Raise({ id, cap }: { id: string; cap: number | null }) {
  const [wanted, want] = useState<number | "">("");
  const client = useQueryClient();
  const set = useMutation({
    mutationFn: (cost_usd: number) =>
      ask(
        api.PATCH("/simulations/{simulation_id}/budget", {
          params: { path: { simulation_id: id } },
          body: { cost_usd },
        }),
      ),
    onSuccess: () => {
      want("");
      return client.invalidateQueries({ queryKey: ["budget", id] });
    },
  });
  return (
    <>
      <Group align="flex-end" gap="sm" mt="md">
        <NumberInput
          size="xs"
          w={150}
          label={text.monitor.setCap}
          prefix="$"
          min={0}
          decimalScale={2}
          placeholder={cap === null ? text.monitor.capPlaceholder : dollars(cap)}
          value={wanted}
          onChange={(value) => want(typeof value === "number" ? value : "")}
        />
        <Button
          size="xs"
          variant="default"
          disabled={wanted === ""}
          loading={set.isPending}
          onClick={() => wanted !== "" && set.mutate(wanted)}
        >
          {text.monitor.applyCap}
        </Button>
      </Group>
      <ProblemNotice error={set.error} />
    </>
  );
}
