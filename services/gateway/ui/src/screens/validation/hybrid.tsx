// Real people beside the agents: their answers are uploaded, and the estimates of the simulation become ones about people.

import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schema } from "../../api/client";
import { hybrid } from "../../api/evidenceQueries";
import { Choice } from "../../components/choice";
import { type Table, write } from "../../components/csv";
import { DataTable, figure } from "../../components/dataTable";
import { FilePick, type Picked } from "../../components/filePick";
import { Panel, ProblemNotice } from "../../components/parts";
import { number, percent, sentence, words } from "../../format/format";
import { text } from "../../text/text";
import { type Levels, titled } from "../results/levels";
import "../../app/moreStyles";
import "./validation.css";

const t = text.validation;
const WHO = ["person_id", "arm", "agent_id", "segment"];

interface Props {
  id: string;
  metrics: string[];
  arms: string[];
  levels: Levels;
}

export function Hybrid(props: Props) {
  const found = useQuery(hybrid(props.id));
  return (
    <Panel title={t.hybrid}>
      <p className="fine">{t.hybridNote}</p>
      {found.data ? <Rectified found={found.data} levels={props.levels} /> : null}
      <Upload {...props} />
    </Panel>
  );
}

function Rectified({ found, levels }: { found: Schema["HybridView"]; levels: Levels }) {
  return (
    <>
      <h3 className="subhead">{`${t.rectified(found.people)}: ${t.grade(found.evidence_grade)}`}</h3>
      <DataTable
        first={t.metric}
        rows={found.estimates.map((one) => {
          const show = (value: number | undefined) =>
            one.baseline ? levels.change(one.metric, value) : levels.level(one.metric, value);
          const between = (ends: number[]) => <span className="under">{`${show(ends[0])} to ${show(ends[1])}`}</span>;
          return {
            key: `${one.metric} ${one.option} ${one.arm} ${one.baseline}`,
            name: titled(one),
            cells: [
              { head: t.arm, value: <Arm one={one} /> },
              figure(
                t.together,
                <>
                  <strong>{show(one.value)}</strong>
                  {between(one.interval)}
                </>,
              ),
              figure(
                t.alone,
                <>
                  {show(one.human_value)}
                  {between(one.human_interval)}
                </>,
              ),
              figure(t.narrower, percent(one.narrower, 0)),
              figure(t.effective, number(one.effective_n)),
            ],
          };
        })}
      />
      <ul className="reasons fine">
        {[...found.caveats, ...found.advice].map((one) => (
          <li key={one}>{sentence(one)}</li>
        ))}
      </ul>
    </>
  );
}

function Arm({ one }: { one: { arm: string; baseline?: string | null } }) {
  return (
    <>
      {words(one.arm)}
      {one.baseline ? <span className="under">{text.results.against(words(one.baseline))}</span> : null}
    </>
  );
}

/** The file with the names that the platform reads; columns that are not chosen are left out. */
function renamed(table: Table, chosen: Record<string, string>): string {
  const pairs = Object.entries(chosen).map(([field, column]) => [field, table.columns.indexOf(column)] as const);
  return write([pairs.map(([field]) => field), ...table.rows.map((row) => pairs.map(([, place]) => row[place] ?? ""))]);
}

function Upload({ id, metrics, arms }: Props) {
  const [picked, setPicked] = useState<Picked | null>(null);
  const [chosen, choose] = useState<Record<string, string>>({});
  const [source, setSource] = useState("");
  const client = useQueryClient();
  const fields = [...WHO.filter((one) => one !== "arm" || arms.length > 1), ...metrics];
  const pick = (file: Picked | null) => {
    setPicked(file);
    const known = fields.filter((field) => file?.table.columns.includes(field));
    choose(Object.fromEntries(known.map((field) => [field, field])));
  };
  const add = useMutation({
    mutationFn: () => {
      const csv = picked ? renamed(picked.table, chosen) : "";
      return ask(
        api.POST("/validation/{simulation_id}/human-answers", {
          params: { path: { simulation_id: id } },
          body: { csv, source } as Schema["HumanAnswersSpec"],
        }),
      );
    },
    onSuccess: () => {
      pick(null);
      for (const noun of ["hybrid", "results", "ledger", "calibrations"]) {
        void client.invalidateQueries({ queryKey: [noun] });
      }
      for (const later of [1_000, 3_000, 8_000]) {
        setTimeout(() => void client.invalidateQueries({ queryKey: ["results", id] }), later);
      }
    },
  });
  const isReady = !!source.trim() && !!chosen.person_id && metrics.some((one) => chosen[one]);
  return (
    <>
      <FilePick picked={picked} pick={pick} />
      {picked ? (
        <>
          <div className="filters form-row">
            {fields.map((field) => (
              <Choice
                key={field}
                size="xs"
                label={t.fields[field] ?? words(field)}
                none={t.uses.none ?? ""}
                options={picked.table.columns.map((value) => ({ value, label: value }))}
                value={chosen[field]}
                choose={(column) => {
                  const { [field]: _, ...others } = chosen;
                  choose(column === undefined ? others : { ...others, [field]: column });
                }}
              />
            ))}
          </div>
          <div className="filters form-row">
            <TextInput
              label={t.source}
              placeholder={t.sourceHint}
              value={source}
              onChange={(event) => setSource(event.currentTarget.value)}
            />
            <Button className="shrink" disabled={!isReady} loading={add.isPending} onClick={() => add.mutate()}>
              {t.upload}
            </Button>
          </div>
        </>
      ) : null}
      {add.data ? <p role="status">{t.addedPeople(add.data.added, add.data.already_there)}</p> : null}
      <ProblemNotice error={add.error} />
    </>
  );
}
