// The API explorer: every operation as the platform describes it, to be tried with the identity of the page.

import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { Problem, request } from "../../api/client";
import { Loading } from "../../app/loading";
import { Icon } from "../../components/icons";
import { PageHead, ProblemNotice } from "../../components/parts";
import { text } from "../../text/text";
import { type Document, type Field, type Operation, operationsOf, Schemas } from "./openapi";
import { TryIt } from "./tryIt";
import "./api.css";

const route = getRouteApi("/api");

async function read(): Promise<Document> {
  const answer = await request("/openapi.json");
  if (!answer.ok) throw new Problem(answer.status, null);
  return answer.json();
}

export function ApiPage() {
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const described = useQuery({ queryKey: ["openapi"], queryFn: read, staleTime: 60_000 });
  const operations = useMemo(() => (described.data ? operationsOf(described.data) : []), [described.data]);
  const schemas = useMemo(() => (described.data ? new Schemas(described.data) : null), [described.data]);
  const wanted = q.toLowerCase();
  const shown = operations.filter((one) => `${one.id} ${one.about} ${one.tag}`.toLowerCase().includes(wanted));
  const missing = described.data?.["x-unavailable"];
  return (
    <>
      <PageHead
        title={text.api.title}
        lead={text.api.lead}
        actions={
          <Link to="/events" className="see-more">
            {text.events.open}
          </Link>
        }
      />
      <ProblemNotice error={described.error} retry={() => void described.refetch()} />
      {missing ? <p className="reason state-warn">{text.api.unavailable(missing.join(", "))}</p> : null}
      <form className="filters" onSubmit={(event) => event.preventDefault()}>
        <TextInput
          label={text.api.search}
          leftSection={<Icon name="search" size={16} />}
          value={q}
          onChange={(event) => void navigate({ search: { q: event.currentTarget.value || undefined }, replace: true })}
        />
        <span className="shrink counts">{text.api.operations(shown.length)}</span>
      </form>
      {described.isPending || !schemas ? <Loading /> : <Groups operations={shown} schemas={schemas} />}
    </>
  );
}

function Groups({ operations, schemas }: { operations: Operation[]; schemas: Schemas }) {
  const tags = [...new Set(operations.map((one) => one.tag))];
  return tags.map((tag) => (
    <section key={tag} className="operations">
      <h2 className="group">{tag}</h2>
      {operations
        .filter((one) => one.tag === tag)
        .map((one) => (
          <Entry key={one.id} one={one} schemas={schemas} />
        ))}
    </section>
  ));
}

function Entry({ one, schemas }: { one: Operation; schemas: Schemas }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="operation" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className={`method method-${one.method}`}>{one.method}</span>
        <code className="path">{one.path}</code>
        <span className="summary">
          <Prose value={one.about} />
        </span>
      </summary>
      {isOpen ? (
        <div className="inside">
          {one.parameters.length ? <h3>{text.api.parameters}</h3> : null}
          <ul className="fields">
            {one.parameters.map((parameter) => (
              <FieldLine
                key={parameter.name}
                one={{
                  name: `${parameter.name} (${parameter.in})`,
                  type: schemas.typeOf(parameter.schema),
                  isRequired: parameter.required ?? false,
                  about: parameter.description ?? "",
                  inner: [],
                }}
              />
            ))}
          </ul>
          {one.body ? <Shape title={text.api.body} fields={schemas.fields(one.body)} /> : null}
          {one.answer?.schema ? (
            <Shape title={text.api.answer(one.answer.status)} fields={schemas.fields(one.answer.schema)} />
          ) : null}
          <TryIt one={one} example={one.body ? schemas.example(one.body) : null} />
        </div>
      ) : null}
    </details>
  );
}

function Shape({ title, fields }: { title: string; fields: Field[] }) {
  return (
    <>
      <h3>{title}</h3>
      <ul className="fields">
        {fields.map((field) => (
          <FieldLine key={field.name} one={field} />
        ))}
      </ul>
    </>
  );
}

function FieldLine({ one }: { one: Field }) {
  return (
    <li>
      <code>{one.name}</code>{" "}
      <span className="muted">{[one.type, one.isRequired ? text.api.required : ""].filter(Boolean).join(" · ")}</span>{" "}
      <Prose value={one.about} />
      {one.inner.length ? (
        <ul className="fields">
          {one.inner.map((field) => (
            <FieldLine key={field.name} one={field} />
          ))}
        </ul>
      ) : null}
    </li>
  );
}

/** Text with `code` in it. */
function Prose({ value }: { value: string }) {
  return value.split("`").map((part, index) => {
    const key = `${index} ${part}`;
    return index % 2 ? <code key={key}>{part}</code> : <span key={key}>{part}</span>;
  });
}
