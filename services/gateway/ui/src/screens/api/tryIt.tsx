// One operation tried: the request as it is sent, and the answer as it came.

import { Button, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client";
import { ProblemNotice } from "../../components/parts";
import { text } from "../../text/text";
import type { Operation } from "./openapi";

const MOST = 20_000; // characters of an answer that are shown

export function TryIt({ one, example }: { one: Operation; example: unknown }) {
  const [values, setValues] = useState<Record<string, string>>({});
  const [body, setBody] = useState(example === null ? "" : JSON.stringify(example, null, 2));
  const path = pathOf(one, values);
  const sent = useMutation({ mutationFn: () => send(one.method, path, body) });
  return (
    <form
      className="try"
      onSubmit={(event) => {
        event.preventDefault();
        sent.mutate();
      }}
    >
      <div className="filters">
        {one.parameters
          .filter((parameter) => parameter.in !== "header")
          .map((parameter) => (
            <TextInput
              key={parameter.name}
              label={parameter.name}
              required={parameter.in === "path"}
              value={values[parameter.name] ?? ""}
              onChange={(event) => setValues({ ...values, [parameter.name]: event.currentTarget.value })}
            />
          ))}
      </div>
      {one.body ? (
        <Textarea
          label={text.api.body}
          autosize
          minRows={3}
          maxRows={18}
          value={body}
          onChange={(event) => setBody(event.currentTarget.value)}
          spellCheck={false}
          classNames={{ input: "mono" }}
        />
      ) : null}
      <div className="send">
        <Button type="submit" loading={sent.isPending}>
          {text.api.send}
        </Button>
        <code>{`${one.method} ${path}`}</code>
      </div>
      <ProblemNotice error={sent.error} />
      {sent.data ? (
        <>
          <p className={sent.data.status < 400 ? "counts" : "failed"}>{text.api.answer(String(sent.data.status))}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: an answer that scrolls must be reachable with the keyboard */}
          <pre className="answer" tabIndex={0}>
            {sent.data.text}
          </pre>
        </>
      ) : null}
    </form>
  );
}

function pathOf(one: Operation, values: Record<string, string>): string {
  const path = one.path.replace(
    /\{([^}]+)\}/g,
    (whole, name: string) => encodeURIComponent(values[name] ?? "") || whole,
  );
  const query = new URLSearchParams(
    one.parameters
      .filter((parameter) => parameter.in === "query" && values[parameter.name])
      .map(({ name }) => [name, values[name] ?? ""]),
  ).toString();
  return query ? `${path}?${query}` : path;
}

async function send(method: string, path: string, body: string): Promise<{ status: number; text: string }> {
  const init: RequestInit = body ? { method, body, headers: { "content-type": "application/json" } } : { method };
  const answer = await request(path, { ...init, signal: AbortSignal.timeout(30_000) });
  const told = await answer.text();
  return { status: answer.status, text: pretty(told).slice(0, MOST) };
}

function pretty(told: string): string {
  try {
    return JSON.stringify(JSON.parse(told), null, 2);
  } catch {
    return told;
  }
}
