// One agent of a simulation: what it was shown, thought and said, what it answered, who it is.

import { Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { individual } from "../../api/queries";
import { isGuest } from "../../api/visit";
import { Loading } from "../../app/loading";
import { ProblemNotice } from "../../components/parts";
import { answerText, title, words } from "../../format/format";
import { text } from "../../text/text";
import "./people.css";

export function AgentDrawer(props: {
  simulationId: string;
  populationId: string;
  agentId: string | undefined;
  close: () => void;
}) {
  const person = useQuery({
    ...individual(props.simulationId, props.agentId ?? ""),
    enabled: props.agentId !== undefined,
  });
  return (
    <Drawer
      opened={props.agentId !== undefined}
      onClose={props.close}
      position="right"
      size="lg"
      title={person.data?.name ?? ""}
      closeButtonProps={{ "aria-label": text.people.close }}
    >
      <ProblemNotice error={person.error} />
      {person.isPending ? <Loading /> : null}
      {person.data ? <Agent person={person.data} populationId={props.populationId} /> : null}
    </Drawer>
  );
}

function Agent({ person, populationId }: { person: Schema["ResultsIndividualView"]; populationId: string }) {
  return (
    <>
      {person.turns.map((turn, index) => (
        <section className="turn" key={turn.turn_id}>
          <p className="fine">
            {[words(turn.arm), words(turn.step_id), words(person.path[index]?.channel)].filter(Boolean).join(" · ")}
          </p>
          {person.path[index]?.shown ? <blockquote className="stimulus">{person.path[index]?.shown}</blockquote> : null}
          <h3 className="subhead">{text.people.said}</h3>
          <p className="said">
            {turn.response ?? <span className="failed">{turn.failure ?? text.people.failed}</span>}
          </p>
          {turn.reasoning ? (
            <>
              <h3 className="subhead">{text.people.reasoning}</h3>
              <p className="muted">{turn.reasoning}</p>
            </>
          ) : null}
          {Object.keys(turn.answers).length ? (
            <>
              <h3 className="subhead">{text.people.answers}</h3>
              <Traits values={turn.answers} />
            </>
          ) : null}
        </section>
      ))}
      <h3 className="subhead">{text.people.profile}</h3>
      <Traits values={person.demographic_profile} />
      {isGuest ? null : (
        <p>
          <Link
            to="/populations/$id/people/$agentId"
            params={{ id: populationId, agentId: person.agent_id }}
            className="see-more"
          >
            {text.people.inPopulation}
          </Link>
        </p>
      )}
      <p className="fine">{person.notice}</p>
    </>
  );
}

export function Traits({ values }: { values: Record<string, unknown> }) {
  return (
    <dl className="traits">
      {Object.entries(values).map(([name, value]) => (
        <Trait key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Trait({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <dt>{title(name)}</dt>
      <dd>{answerText(value)}</dd>
    </>
  );
}
