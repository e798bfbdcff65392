// A simulation while it runs: how far it is, what is seen so far with intervals that may be read at any time, what is said,
// what it costs, what failed. Nothing here is a verdict.

import { Button, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Schema } from "../../api/client";
import { aggregate, intervention } from "../../api/queries";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { Meter, Panel, Swatch } from "../../components/parts";
import { count, title, words } from "../../format/format";
import { type Arm, isOver, type Run } from "../../live/run";
import type { Following } from "../../live/useRun";
import { running } from "../../text/running";
import { text } from "../../text/text";
import { PeopleLink, type Side, type SideOf, sidesOf } from "../results/sides";
import { Verdict } from "../results/verdict";
import { Activity } from "./activity";
import { Cost } from "./cost";
import { DeadLetters } from "./deadLetters";
import { Differences } from "./differences";
import { Sums } from "./sums";
import { Ticker } from "./ticker";
import { TrendChart } from "./trendChart";

export function Monitor({ following, status }: { following: Following; status: Schema["SimulationView"] }) {
  const { run, isHeld, hold } = following;
  const arms = inOrder(run, usePlanned(status.intervention_id));
  const side = sidesOf(status.simulation_id, arms);
  return (
    <>
      {run.state === "completed" ? <Conclusion id={status.simulation_id} /> : null}
      <Progress run={run} arms={arms} side={side} isHeld={isHeld} hold={hold} />
      <div className="columns">
        <Trend run={run} arms={arms} side={side} />
        <Panel title={text.monitor.ticker}>
          <Ticker responses={run.latest} id={status.simulation_id} />
        </Panel>
      </div>
      {run.soFar && run.state !== "completed" ? <Sums soFar={run.soFar} side={side} /> : null}
      {status.intervention_id ? (
        <Differences
          interventionId={status.intervention_id}
          simulationId={status.simulation_id}
          run={run}
          side={side}
        />
      ) : null}
      <div className="columns">
        <Panel title={text.monitor.activity}>
          <Activity run={run} id={status.simulation_id} />
        </Panel>
        <div>
          <Cost id={status.simulation_id} usage={run.usage} state={run.state} />
          <Errors run={run} id={status.simulation_id} />
        </div>
      </div>
      <Announcer run={run} />
    </>
  );
}

/** The arms in the order of the plan: the results have it too, so an arm has one colour everywhere. */
function usePlanned(interventionId: string | null): string[] {
  const plan = useQuery(intervention(interventionId));
  return plan.data?.variants.map((one) => one.name) ?? [];
}

function inOrder(run: Run, planned: string[]): string[] {
  const known = [...run.arms.keys()];
  return [...planned.filter((name) => run.arms.has(name)), ...known.filter((name) => !planned.includes(name))];
}

function Conclusion({ id }: { id: string }) {
  const results = useQuery(aggregate(id));
  return results.data?.analysis ? <Verdict results={results.data} linked /> : null;
}

interface ProgressProps {
  run: Run;
  arms: string[];
  side: SideOf;
  isHeld: boolean;
  hold: (held: boolean) => void;
}

function Progress({ run, arms, side, isHeld, hold }: ProgressProps) {
  const planned = run.plannedTotal;
  const [answered, failed] = [run.total("answered"), run.total("failed")];
  const { skipped } = run;
  return (
    <Panel
      title={text.monitor.responses}
      aside={
        isOver(run.state) ? null : (
          <Button
            variant="default"
            size="xs"
            aria-pressed={isHeld}
            leftSection={<Icon name={isHeld ? "play" : "pause"} size={14} />}
            onClick={() => hold(!isHeld)}
          >
            {isHeld ? text.monitor.resumeUpdates : text.monitor.pauseUpdates}
          </Button>
        )
      }
    >
      <p className="counts big">
        {planned ? answeredText(run, answered, planned) : text.monitor.drawing}
        {failed ? <span className="failed"> · {text.simulations.failed(failed)}</span> : null}
      </p>
      {skipped.turns ? <p className="fine">{running.skipped(skipped.turns, skipped.byCondition)}</p> : null}
      <Meter part={answered} failed={failed} total={planned} label={text.monitor.all} />
      <div className="arms">
        {arms.map((name) => {
          const arm = run.arms.get(name);
          return arm ? <ArmCard key={name} arm={arm} side={side(name)} planned={run.plannedOf(name)} /> : null;
        })}
      </div>
    </Panel>
  );
}

/** Who is asked more than once takes more than one turn. */
const answeredText = (run: Run, answered: number, planned: number): string =>
  run.rounds > 1 ? running.turns(answered, planned, run.people) : text.simulations.answered(answered, planned);

function ArmCard({ arm, side, planned }: { arm: Arm; side: Side; planned: number }) {
  const name = arm.name === "all" ? text.monitor.everybody : words(arm.name);
  return (
    <div className="arm-card">
      <div className="arm-name">
        <Swatch arm={side.place} />
        <PeopleLink side={side}>
          <strong>{name}</strong>
        </PeopleLink>
        <span className="counts">{planned ? `${count(arm.answered)} / ${count(planned)}` : count(arm.answered)}</span>
      </div>
      <Meter
        part={arm.answered}
        failed={arm.failed}
        total={planned}
        label={text.monitor.inArm(name)}
        arm={side.place}
      />
      {arm.stimulus ? (
        <>
          <p className="fine">{[arm.stimulus.channel, arm.stimulus.timing].filter(Boolean).map(words).join(" · ")}</p>
          <blockquote className="stimulus">{arm.stimulus.content}</blockquote>
        </>
      ) : null}
    </div>
  );
}

function Trend({ run, arms, side }: { run: Run; arms: string[]; side: SideOf }) {
  const usable = run.metrics.filter((metric) => ["binary", "ordinal", "numeric"].includes(metric.type));
  const [wanted, want] = useState<string>();
  const metric = usable.find((one) => one.name === wanted) ?? usable.find((one) => one.role === "primary") ?? usable[0];
  return (
    <Panel
      title={text.monitor.trend}
      aside={
        usable.length > 1 ? (
          <Choice
            size="xs"
            aria-label={text.monitor.metric}
            options={usable.map((one) => ({ value: one.name, label: title(one.name) }))}
            value={metric?.name}
            choose={want}
          />
        ) : metric ? (
          <span className="fine">{title(metric.name)}</span>
        ) : null
      }
    >
      {metric ? (
        <TrendChart run={run} arms={arms} metric={metric} side={side} />
      ) : (
        <p className="muted">{text.monitor.trendEmpty}</p>
      )}
    </Panel>
  );
}

function Errors({ run, id }: { run: Run; id: string }) {
  const failed = run.total("failed");
  return (
    <Panel title={text.monitor.errors}>
      {failed ? (
        <p className="failed">{text.monitor.failedTurns(failed)}</p>
      ) : (
        <p className="muted">{text.monitor.noErrors}</p>
      )}
      <ul className="failures">
        {[...run.failures].map(([reason, times]) => (
          <li key={reason}>
            <Link
              to="/simulations/$id"
              params={{ id }}
              search={{ tab: "people", failure: reason }}
              className="plain-link"
            >
              {reason}
            </Link>
            <span className="counts">{count(times)}</span>
          </li>
        ))}
      </ul>
      <DeadLetters id={id} />
    </Panel>
  );
}

/** Counts for people who do not see them, at most every five seconds. */
function Announcer({ run }: { run: Run }) {
  const [said, say] = useState("");
  useEffect(() => {
    const tell = () => say(text.monitor.announce(words(run.state), run.total("answered"), run.plannedTotal));
    const timer = setInterval(tell, 5_000);
    return () => clearInterval(timer);
  }, [run]);
  return <VisuallyHidden aria-live="polite">{said}</VisuallyHidden>;
}
