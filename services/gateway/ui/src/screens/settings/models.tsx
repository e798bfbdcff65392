// What thinks, and what may be spent: models with what was found out about them, and the quota of the tenant.

import { useQuery } from "@tanstack/react-query";
import { models, quota } from "../../api/eventQueries";
import { useYou } from "../../api/role";
import { DataTable } from "../../components/dataTable";
import { Ago, Meter, Panel, ProblemNotice } from "../../components/parts";
import { count, dollars, words } from "../../format/format";
import { text } from "../../text/text";

const t = text.settings;
const CAN = ["seed", "system_role", "usage", "batches"] as const;

export function Models() {
  const told = useQuery(models);
  const items = told.data?.items ?? [];
  return (
    <Panel title={t.models}>
      <ProblemNotice error={told.error} />
      <p className="fine">{items.length ? t.modelsNote : t.modelsNone}</p>
      {items.length ? (
        <DataTable
          first={t.model}
          rows={items.map((one) => ({
            key: `${one.endpoint} ${one.model}`,
            name: (
              <>
                {one.model}
                <span className="under fine">{one.kind}</span>
              </>
            ),
            cells: [
              { head: t.endpoint, value: one.endpoint },
              { head: t.format, value: one.format ? words(one.format) : "–" },
              {
                head: t.can,
                value:
                  CAN.filter((name) => one[name])
                    .map((name) => words(name))
                    .join(", ") || "–",
              },
              {
                head: t.probed,
                value: one.found_at ? (
                  <Ago at={one.found_at} />
                ) : (
                  <span className="failed">{one.problem ?? t.notYet}</span>
                ),
              },
            ],
          }))}
        />
      ) : null}
    </Panel>
  );
}

export function Budgets() {
  const tenant = useYou()?.tenant;
  const told = useQuery({ ...quota(tenant ?? ""), enabled: tenant !== undefined });
  if (!told.data) return told.error ? <ProblemNotice error={told.error} /> : null;
  const { quota: caps, used } = told.data;
  const rows = [
    { name: t.quotas.usd, used: used.usd, cap: caps.usd_per_month, show: dollars },
    { name: t.quotas.calls, used: used.calls, cap: caps.calls_per_month, show: count },
    { name: t.quotas.running, used: used.running_simulations, cap: caps.running_simulations, show: count },
    { name: t.quotas.people, used: used.people, cap: caps.people, show: count },
  ];
  return (
    <Panel title={t.budgets} aside={<span className="fine">{used.month}</span>}>
      <ul className="issues-list quotas">
        {rows.map((one) => (
          <li key={one.name}>
            <span>{one.name}</span>
            <span className="counts">
              {one.cap == null ? t.noQuota(one.show(one.used)) : t.ofQuota(one.show(one.used), one.show(one.cap))}
            </span>
            {one.cap == null ? null : (
              <Meter part={one.used} total={one.cap} label={one.name} arm={one.used >= one.cap ? 1 : 0} />
            )}
          </li>
        ))}
      </ul>
      <p className="fine">{t.budgetsNote}</p>
    </Panel>
  );
}
