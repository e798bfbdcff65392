// What the ledger teaches: how far simulators have been from people, and every outcome it knows that from.

import { Button, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schema } from "../../api/client";
import { calibrations, ledger } from "../../api/evidenceQueries";
import { DataTable, figure } from "../../components/dataTable";
import { FilePick, type Picked } from "../../components/filePick";
import { Panel, ProblemNotice } from "../../components/parts";
import { number, sentence, words } from "../../format/format";
import { text } from "../../text/text";
import { asInterval } from "../results/levels";
import { Range, reachOf } from "../results/range";
import { Effects } from "./effects";

const t = text.validation;

export function Calibration() {
  const told = useQuery(calibrations);
  const kept = useInfiniteQuery(ledger);
  const entries = kept.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <Panel title={t.calibration}>
        <ProblemNotice error={told.error} />
        {told.data ? <Biases items={told.data.items} /> : null}
        {told.data ? <p className="fine">{`${sentence(told.data.source)} ${told.data.licence}`}</p> : null}
      </Panel>
      <Panel title={t.ledger}>
        <p className="fine">{t.ledgerNote}</p>
        <ProblemNotice error={kept.error} />
        {kept.data && !entries.length ? <p className="muted">{t.ledgerNone}</p> : null}
        <Effects entries={entries} />
        {entries.length ? <Entries entries={entries} /> : null}
        {kept.hasNextPage ? (
          <Button variant="default" size="compact-sm" mt="sm" onClick={() => void kept.fetchNextPage()}>
            {text.settings.more}
          </Button>
        ) : null}
        <AddLedger />
      </Panel>
    </>
  );
}

function Biases({ items }: { items: Schema["CalibrationView"][] }) {
  const reach = reachOf([{ value: 0 }, ...items.map((one) => ({ value: one.bias.centre, interval: one.interval }))]);
  const zero = `${((0 - reach[0]) / (reach[1] - reach[0])) * 100}%`;
  return (
    <>
      {items.map((one) => (
        <div
          className={`bin range-row bias arm-${one.source === "own" ? 2 : 0}`}
          key={`${one.source} ${one.simulator}`}
        >
          <span>
            {one.simulator}
            <span className="under fine">
              {`${t.sources[one.source] ?? one.source} · ${t.studies(one.bias.studies, one.bias.outcomes)}`}
            </span>
          </span>
          <span className="stack">
            <span className="zero" style={{ left: zero }} />
            <Range value={one.bias.centre} interval={asInterval(one.interval)} reach={reach} />
          </span>
          <span className="counts">
            {`${number(one.bias.centre)} (${text.interval(number(one.interval[0]), number(one.interval[1]))})`}
            <span className="under fine">
              {`${t.worth(number(one.worth_people))}, ${one.is_enough ? t.enough : t.notEnough}`}
            </span>
          </span>
        </div>
      ))}
      <p className="fine">{t.calibrationNote}</p>
    </>
  );
}

function Entries({ entries }: { entries: Schema["Entry"][] }) {
  const spread = (mean: number | null, sd: number | null, n: number | null) =>
    mean === null ? "–" : `${number(mean)}${sd === null ? "" : ` ± ${number(sd)}`}${n === null ? "" : ` (${n})`}`;
  return (
    <DataTable
      first={t.outcome}
      rows={entries.map((one) => ({
        key: one.id,
        name: words(one.outcome),
        cells: [
          { head: t.study, value: one.study },
          { head: t.simulator, value: one.simulator ?? t.unnamed },
          figure(t.human, spread(one.human_mean ?? one.human_effect, one.human_sd, one.human_n)),
          figure(t.simulated, spread(one.simulated_mean ?? one.simulated_effect, one.simulated_sd, one.simulated_n)),
          { head: t.origin, value: one.origin },
        ],
      }))}
    />
  );
}

function AddLedger() {
  const [picked, pick] = useState<Picked | null>(null);
  const [source, setSource] = useState("");
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: () =>
      ask(api.POST("/validation/ledger", { body: { csv: picked?.csv ?? "", source } as Schema["LedgerImport"] })),
    onSuccess: () => {
      pick(null);
      void client.invalidateQueries({ queryKey: ["calibrations"] });
      return client.invalidateQueries({ queryKey: ["ledger"] });
    },
  });
  return (
    <>
      <h3 className="subhead">{t.addLedger}</h3>
      <p className="fine">{t.addLedgerNote}</p>
      <FilePick picked={picked} pick={pick} />
      {picked ? (
        <div className="filters form-row">
          <TextInput
            label={t.source}
            placeholder={t.sourceHint}
            value={source}
            onChange={(event) => setSource(event.currentTarget.value)}
          />
          <Button className="shrink" disabled={!source.trim()} loading={add.isPending} onClick={() => add.mutate()}>
            {t.addLedger}
          </Button>
        </div>
      ) : null}
      {add.data ? <p role="status">{t.addedLedger(add.data.added)}</p> : null}
      <ProblemNotice error={add.error} />
    </>
  );
}
