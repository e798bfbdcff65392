// A simulation held against a baseline, and all that were.

import { Button, NumberInput } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ask, type Schema } from "../../api/client";
import { baselines, comparisons } from "../../api/evidenceQueries";
import { simulation, simulations } from "../../api/queries";
import { Choice } from "../../components/choice";
import { DataTable, figure } from "../../components/dataTable";
import { Ago, Panel, ProblemNotice } from "../../components/parts";
import { number, when, words } from "../../format/format";
import { text } from "../../text/text";

const t = text.validation;

export function VerdictBadge({ verdict }: { verdict: string }) {
  const state = { pass: "pass", fail: "fail" }[verdict] ?? "warn";
  return <span className={`state state-${state}`}>{t.verdicts[verdict] ?? verdict}</span>;
}

export function CompareForm() {
  const kept = useInfiniteQuery(baselines);
  const ended = useInfiniteQuery(simulations("completed"));
  const [chosen, choose] = useState<{ baseline?: string; metric?: string; simulation?: string; arm?: string }>({});
  const [margin, setMargin] = useState<number | "">("");
  const navigate = useNavigate();
  const client = useQueryClient();
  const items = kept.data?.pages.flatMap((page) => page.items) ?? [];
  const baseline = items.find((one) => one.id === chosen.baseline);
  const metric = baseline?.metrics.find((one) => one.name === chosen.metric);
  const status = useQuery({ ...simulation(chosen.simulation ?? ""), enabled: !!chosen.simulation });
  const compare = useMutation({
    mutationFn: () => {
      const body = {
        metric: { name: metric?.name, type: metric?.type, scale: metric?.scale ?? undefined },
        empirical: { baseline_id: chosen.baseline },
        simulated: { simulation_id: chosen.simulation, arm: chosen.arm },
        ...(margin === "" ? {} : { margin }),
      };
      return ask(
        api.POST("/validation/empirical-compare", { body: body as unknown as Schema["ValidationComparisonSpec"] }),
      );
    },
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ["comparisons"] });
      void client.invalidateQueries({ queryKey: ["ledger"] });
      return navigate({ to: "/validation/$id", params: { id: made.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    compare.mutate();
  };
  const arms = Object.keys(status.data?.progress.by_arm ?? {});
  const options = (names: string[]) => names.map((value) => ({ value, label: words(value) }));
  return (
    <Panel title={t.compare}>
      {kept.data && !items.length ? <p className="muted">{t.needBaseline}</p> : null}
      <form onSubmit={submit}>
        <div className="filters form-row">
          <Choice
            label={t.baseline}
            none={t.choose}
            options={items.map((one) => ({ value: one.id, label: one.name }))}
            value={chosen.baseline}
            choose={(id) => choose({ ...chosen, ...defined("baseline", id), metric: metricsOf(items, id)[0] ?? "" })}
          />
          <Choice
            label={t.metric}
            none={t.choose}
            options={options(metricsOf(items, chosen.baseline))}
            value={chosen.metric}
            choose={(name) => choose({ ...chosen, ...defined("metric", name) })}
          />
          <Choice
            label={t.simulation}
            none={t.choose}
            options={(ended.data?.pages.flatMap((page) => page.items) ?? []).map((one) => ({
              value: one.simulation_id,
              label: `${one.name} (${when(one.created_at)})`,
            }))}
            value={chosen.simulation}
            choose={(id) => choose({ ...omit(chosen), ...defined("simulation", id) })}
          />
          <Choice
            label={t.arm}
            none={t.all}
            options={options(arms)}
            value={chosen.arm}
            choose={(arm) => choose({ ...omit(chosen), ...defined("arm", arm) })}
          />
          <NumberInput
            label={t.margin}
            placeholder={t.marginHint}
            min={0}
            value={margin}
            onChange={(value) => setMargin(typeof value === "number" ? value : "")}
          />
          <Button className="shrink" type="submit" loading={compare.isPending} disabled={!metric || !chosen.simulation}>
            {t.run}
          </Button>
        </div>
      </form>
      <ProblemNotice error={compare.error} />
      <p className="fine">{t.compareNote}</p>
    </Panel>
  );
}

const metricsOf = (items: Schema["BaselineView"][], id: string | undefined): string[] =>
  items.find((one) => one.id === id)?.metrics.map((one) => one.name) ?? [];

const defined = <Name extends string>(name: Name, value: string | undefined) =>
  (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, string>>;

/** All but the arm, which belongs to one simulation. */
const omit = <Chosen extends { arm?: string }>({ arm: _, ...others }: Chosen) => others;

export function Comparisons() {
  const told = useInfiniteQuery(comparisons);
  const items = told.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel title={t.comparisons}>
      <ProblemNotice error={told.error} />
      {told.data && !items.length ? <p className="muted">{t.comparisonsNone}</p> : null}
      {items.length ? (
        <DataTable
          first={t.metric}
          rows={items.map((one) => ({
            key: one.id,
            name: (
              <Link to="/validation/$id" params={{ id: one.id }} className="see-more">
                {words(one.metric)}
              </Link>
            ),
            cells: [
              { head: t.verdict, value: <VerdictBadge verdict={one.verdict} /> },
              figure(t.score, number(one.score)),
              { head: t.study, value: one.study ?? t.unnamed },
              { head: t.simulator, value: one.simulator ?? t.unnamed },
              { head: t.when, value: <Ago at={one.created_at} /> },
            ],
          }))}
        />
      ) : null}
    </Panel>
  );
}
