// Baselines: what people answered. The columns of a file are declared one by one; nothing is guessed from its values.

import { Button, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask, type Schema } from "../../api/client";
import { baselines } from "../../api/evidenceQueries";
import { Choice } from "../../components/choice";
import { valuesOf } from "../../components/csv";
import { FilePick, type Picked } from "../../components/filePick";
import { Panel, ProblemNotice } from "../../components/parts";
import { words } from "../../format/format";
import { text } from "../../text/text";

const t = text.validation;
const USES = ["none", "metric", "segment"] as const;
const TYPES = ["ordinal", "binary", "numeric", "choice", "ranking", "text"] as const;

interface Declared {
  use: string;
  name: string;
  type: (typeof TYPES)[number];
  scale: string;
}

export function Baselines() {
  const told = useInfiniteQuery(baselines);
  const [picked, pick] = useState<Picked | null>(null);
  const items = told.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel title={t.baselines}>
      <ProblemNotice error={told.error} />
      {told.data && !items.length ? <p className="muted">{t.baselinesNone}</p> : null}
      <ul className="issues-list baselines">
        {items.map((one) => (
          <Baseline key={one.id} one={one} />
        ))}
      </ul>
      <h3 className="subhead">{t.add}</h3>
      <FilePick picked={picked} pick={pick} />
      {picked ? <Declare key={picked.name} picked={picked} done={() => pick(null)} /> : null}
    </Panel>
  );
}

function Baseline({ one }: { one: Schema["BaselineView"] }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      ask(api.DELETE("/validation/historical-baseline/{baseline_id}", { params: { path: { baseline_id: one.id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["baselines"] }),
  });
  const odd = one.metrics.reduce((sum, metric) => sum + metric.unrecognised.count, 0);
  return (
    <li>
      <span>
        <strong>{one.name}</strong>{" "}
        <span className="fine">
          {[t.people(one.people), one.source, one.metrics.map((metric) => words(metric.name)).join(", ")].join(" · ")}
        </span>
        {odd ? <span className="failed under">{t.unrecognised(odd)}</span> : null}
      </span>
      <Button variant="default" size="compact-sm" loading={remove.isPending} onClick={() => remove.mutate()}>
        {t.remove}
      </Button>
    </li>
  );
}

const asScale = (written: string): (number | string)[] | undefined => {
  const parts = written
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
  if (!parts.length) return undefined;
  return parts.every((one) => Number.isFinite(Number(one))) ? parts.map(Number) : parts;
};

function Declare({ picked, done }: { picked: Picked; done: () => void }) {
  const [name, setName] = useState(picked.name.replace(/\.csv$/i, ""));
  const [source, setSource] = useState("");
  const [declared, declare] = useState<Record<string, Declared>>({});
  const client = useQueryClient();
  const of = (column: string): Declared =>
    declared[column] ?? { use: "none", name: column.toLowerCase().replace(/\W+/g, "_"), type: "ordinal", scale: "" };
  const change = (column: string, to: Partial<Declared>) =>
    declare({ ...declared, [column]: { ...of(column), ...to } });
  const { columns } = picked.table;
  const metrics = columns.filter((column) => of(column).use === "metric");
  const segment = columns.find((column) => of(column).use === "segment");
  const add = useMutation({
    mutationFn: () => {
      const body = {
        name,
        source,
        csv: picked.csv,
        metrics: metrics.map(of).map((one) => ({ name: one.name, type: one.type, scale: asScale(one.scale) })),
        columns: Object.fromEntries(metrics.map((column) => [of(column).name, column])),
        ...(segment === undefined ? {} : { segment_column: segment }),
      };
      return ask(api.POST("/validation/historical-baseline", { body: body as Schema["BaselineSpec"] }));
    },
    onSuccess: () => {
      done();
      return client.invalidateQueries({ queryKey: ["baselines"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form onSubmit={submit}>
      <div className="table-scroll">
        <table className="data-table stacking declared">
          <thead>
            <tr>
              <th scope="col">{t.column}</th>
              <th scope="col">{t.values}</th>
              <th scope="col">{t.use}</th>
              <th scope="col">{t.metricName}</th>
              <th scope="col">{t.type}</th>
              <th scope="col">{t.scale}</th>
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <Column
                key={column}
                column={column}
                values={valuesOf(picked.table, column)}
                one={of(column)}
                change={(to) => change(column, to)}
              />
            ))}
          </tbody>
        </table>
      </div>
      <div className="filters form-row">
        <TextInput label={t.name} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <TextInput
          label={t.source}
          placeholder={t.sourceHint}
          value={source}
          onChange={(event) => setSource(event.currentTarget.value)}
        />
        <Button
          className="shrink"
          type="submit"
          loading={add.isPending}
          disabled={!name.trim() || !source.trim() || !metrics.length}
        >
          {t.keep}
        </Button>
      </div>
      <ProblemNotice error={add.error} />
    </form>
  );
}

function Column(props: { column: string; values: string; one: Declared; change: (to: Partial<Declared>) => void }) {
  const { column, values, one, change } = props;
  const labelled = (what: string) => `${what}: ${column}`;
  return (
    <tr>
      <th scope="row">{column}</th>
      <td data-label={t.values} className="wide fine">
        {values}
      </td>
      <td data-label={t.use}>
        <Choice
          size="xs"
          aria-label={labelled(t.use)}
          options={USES.map((value) => ({ value, label: t.uses[value] ?? value }))}
          value={one.use}
          choose={(use) => change({ use: use ?? "none" })}
        />
      </td>
      {one.use === "metric" ? (
        <>
          <td data-label={t.metricName}>
            <TextInput
              size="xs"
              aria-label={labelled(t.metricName)}
              value={one.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
            />
          </td>
          <td data-label={t.type}>
            <Choice
              size="xs"
              aria-label={labelled(t.type)}
              options={TYPES.map((value) => ({ value, label: value }))}
              value={one.type}
              choose={(type) => change({ type: TYPES.find((known) => known === type) ?? "ordinal" })}
            />
          </td>
          <td data-label={t.scale}>
            <TextInput
              size="xs"
              aria-label={labelled(t.scale)}
              placeholder={t.scaleHints[one.type] ?? ""}
              disabled={one.type === "text"}
              value={one.scale}
              onChange={(event) => change({ scale: event.currentTarget.value })}
            />
          </td>
        </>
      ) : (
        <td colSpan={3} />
      )}
    </tr>
  );
}
