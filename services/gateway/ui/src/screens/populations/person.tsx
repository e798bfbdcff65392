// One person: who they are, what they remember of a simulation, and a conversation with them.

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "../../api/client";
import { memory, person, type Said, uses } from "../../api/placeQueries";
import { Choice } from "../../components/choice";
import { Crumb, Loaded } from "../../components/loaded";
import { PageHead, Panel } from "../../components/parts";
import { answerText, number, title, words } from "../../format/format";
import { text } from "../../text/text";
import { Traits } from "../people/agentDrawer";
import "../results/results.css";
import { Chat } from "./chat";
import "./populations.css";

const route = getRouteApi("/populations/$id/people/$agentId");

export function PersonPage() {
  const { id, agentId } = route.useParams();
  return <Loaded told={useQuery(person(id, agentId))}>{(one) => <Person id={id} one={one} />}</Loaded>;
}

function Person({ id, one }: { id: string; one: Schema["PersonView"] }) {
  const agentId = one.agent_id;
  return (
    <>
      <PageHead
        above={
          <Crumb to="/populations/$id" params={{ id }}>
            {text.populations.people}
          </Crumb>
        }
        title={one.name}
        lead={`${text.populations.years(one.age)} · ${one.segment ? words(one.segment) : text.populations.rest}`}
      />
      <div className="columns">
        <div>
          <Chat populationId={id} person={one} />
          <Memory populationId={id} agentId={agentId} />
        </div>
        <div>
          <Panel title={text.person.persona}>
            <Nested value={one.persona} />
          </Panel>
          <Panel title={text.person.traits}>
            <TraitBars traits={one.traits} />
          </Panel>
          <Panel title={text.person.profile}>
            <Traits values={one.demographic_profile} />
          </Panel>
        </div>
      </div>
    </>
  );
}

/** Any document as terms and lists. */
function Nested({ value }: { value: unknown }) {
  if (Array.isArray(value)) {
    return (
      <ul className="nested">
        {value.map((one) => (
          <li key={JSON.stringify(one)}>
            <Nested value={one} />
          </li>
        ))}
      </ul>
    );
  }
  if (typeof value === "object" && value !== null) {
    return (
      <dl className="nested">
        {Object.entries(value).map(([name, one]) => (
          <div key={name}>
            <dt>{title(name)}</dt>
            <dd>
              <Nested value={one} />
            </dd>
          </div>
        ))}
      </dl>
    );
  }
  return <>{String(value ?? "–")}</>;
}

function TraitBars({ traits }: { traits: Schema["PersonView"]["traits"] }) {
  const sorted = Object.entries(traits).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  return (
    <ul className="trait-bars">
      {sorted.map(([name, value]) => (
        <li key={name}>
          <span>{title(name)}</span>
          <span className="trait-track" aria-hidden="true">
            <span
              className={value < 0 ? "arm-1" : "arm-0"}
              style={{ left: `${value < 0 ? 50 + value * 50 : 50}%`, width: `${Math.abs(value) * 50}%` }}
            />
          </span>
          <span className="counts">{number(value)}</span>
        </li>
      ))}
    </ul>
  );
}

function Memory({ populationId, agentId }: { populationId: string; agentId: string }) {
  const asked = useQuery(uses(populationId));
  const [wanted, want] = useState<string>();
  const items = asked.data?.items ?? [];
  const chosen = wanted ?? items.find((one) => one.state === "completed")?.simulation_id ?? items[0]?.simulation_id;
  const told = useQuery({ ...memory(chosen ?? "", agentId), enabled: chosen !== undefined });
  return (
    <Panel
      title={text.person.memory}
      aside={
        items.length > 1 ? (
          <Choice
            size="xs"
            aria-label={text.person.inSimulation}
            options={items.map((one) => ({ value: one.simulation_id, label: one.name }))}
            value={chosen}
            choose={want}
          />
        ) : null
      }
    >
      {told.data?.items.length ? null : <p className="muted">{text.person.memoryNone}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable with the keyboard */}
      <ol className="memory" tabIndex={0} aria-label={text.person.memory}>
        {told.data?.items.map((one) => (
          <Episode key={one.id} one={one as Said} />
        ))}
      </ol>
      <p className="fine">{text.person.memoryNote}</p>
    </Panel>
  );
}

/** Answers by metric, or whatever else an episode holds. */
function saidAs(content: unknown): string {
  if (typeof content !== "object" || content === null) return answerText(content);
  return Object.entries(content)
    .map(([name, value]) => `${words(name)}: ${answerText(value)}`)
    .join(" · ");
}

export function Episode({ one }: { one: Said }) {
  return (
    <li className={`episode episode-${one.kind}`}>
      <span className="fine">{text.person.kinds[one.kind] ?? words(one.kind)}</span>
      <p>{typeof one.content === "string" ? one.content : saidAs(one.content)}</p>
    </li>
  );
}
