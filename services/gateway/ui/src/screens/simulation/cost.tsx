// What a simulation costs, against its caps. At a cap it pauses and loses nothing; with a higher one it goes on.

import { Button, Group, NumberInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schema } from "../../api/client";
import { budget } from "../../api/queries";
import { useMay } from "../../api/role";
import { Choice } from "../../components/choice";
import { Meter, Panel, ProblemNotice, Stat } from "../../components/parts";
import { count, dollars, large } from "../../format/format";
import { isOver } from "../../live/run";
import { running } from "../../text/running";
import { text } from "../../text/text";

const POLL_MS = 2_000;
const CAPS = ["cost_usd", "calls", "tokens"] as const;
type Cap = (typeof CAPS)[number];
type Told = Schema["SimulationBudgetView"];

const show = (name: Cap, value: number) => (name === "cost_usd" ? dollars : count)(value);
const capsOf = (told: Told | undefined): Cap[] => CAPS.filter((name) => told?.cap[name] != null);

/** The cap that is nearest to being spent; a call that may take more than is left is not made. */
const tightest = (told: Told): Cap | undefined =>
  capsOf(told).sort((one, other) => usedUp(told, other) - usedUp(told, one))[0];
const usedUp = (told: Told, name: Cap): number => told.spent[name] / (told.cap[name] || Number.MIN_VALUE);

const isHeld = (told: Told): boolean => told.paused_for === "budget";

export function Cost({ id, usage, state }: { id: string; usage: Schema["Usage"]; state: string }) {
  const told = useQuery({ ...budget(id), refetchInterval: isOver(state) ? false : POLL_MS });
  const caps = capsOf(told.data);
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
      {told.data && !isOver(state) && !isHeld(told.data) ? <SetCap id={id} told={told.data} /> : null}
    </Panel>
  );
}

/** What a simulation that is paused for a budget needs: more of that very budget. */
export function Held({ id, reason }: { id: string; reason: string | null }) {
  const { data: told } = useQuery({ ...budget(id), refetchInterval: POLL_MS });
  if (!told || !isHeld(told)) return null;
  const isOwn = reason?.includes(id); // of another budget it names whose that is
  const name = isOwn && tightest(told);
  if (!name) return <p className="fine">{running.heldAbove}</p>;
  const [spent, cap] = [told.spent[name], told.cap[name] ?? 0];
  return (
    <>
      <p className="fine">{running.held(show(name, spent), show(name, cap), running.caps[name])}</p>
      <SetCap key={name} id={id} told={told} moreThan={Math.max(spent, cap)} />
    </>
  );
}

function Burn({ name, spent, cap }: { name: Cap; spent: number; cap: number }) {
  return (
    <div className="burn">
      <span className="counts">{text.monitor.burn(show(name, spent), show(name, cap), running.caps[name])}</span>
      <Meter part={spent} total={cap} label={running.caps[name]} arm={spent >= cap ? 1 : 0} />
    </div>
  );
}

function SetCap({ id, told, moreThan }: { id: string; told: Told; moreThan?: number }) {
  const [name, choose] = useState<Cap>(tightest(told) ?? "cost_usd");
  const [wanted, want] = useState<number | "">("");
  const client = useQueryClient();
  const set = useMutation({
    mutationFn: (cap: number) =>
      ask(
        api.PATCH("/simulations/{simulation_id}/budget", {
          params: { path: { simulation_id: id } },
          body: { [name]: cap },
        }),
      ),
    onSuccess: () => {
      want("");
      return client.invalidateQueries({ queryKey: ["budget", id] });
    },
  });
  const may = useMay("researcher");
  const cap = told.cap[name];
  if (!may) return null;
  return (
    <>
      <Group align="flex-end" gap="sm" my="md">
        {moreThan === undefined ? (
          <Choice
            size="xs"
            label={running.capOn}
            options={CAPS.map((value) => ({ value, label: running.caps[value] }))}
            value={name}
            choose={(one) => choose(CAPS.find((known) => known === one) ?? name)}
          />
        ) : null}
        <NumberInput
          size="xs"
          w={150}
          label={moreThan === undefined ? running.newCap : `${running.newCap}: ${running.caps[name]}`}
          prefix={name === "cost_usd" ? "$" : ""}
          min={0}
          decimalScale={name === "cost_usd" ? 2 : 0}
          placeholder={cap == null ? text.monitor.capPlaceholder : show(name, cap)}
          value={wanted}
          onChange={(value) => want(typeof value === "number" ? value : "")}
        />
        <Button
          size="xs"
          variant="default"
          disabled={wanted === "" || wanted <= (moreThan ?? -1)}
          loading={set.isPending}
          onClick={() => wanted !== "" && set.mutate(wanted)}
        >
          {moreThan === undefined ? running.setCap : running.raise}
        </Button>
      </Group>
      <ProblemNotice error={set.error} />
    </>
  );
}
