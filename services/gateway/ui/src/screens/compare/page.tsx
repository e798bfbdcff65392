// Two simulations side by side. What the people in them had in common, and what not, is said before any difference.

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { compared, simulations } from "../../api/queries";
import { keptStudies } from "../../api/studies";
import { Loading } from "../../app/loading";
import { Choice } from "../../components/choice";
import { EmptyState, PageHead, Panel, ProblemNotice } from "../../components/parts";
import { sentence, when, words } from "../../format/format";
import { text } from "../../text/text";
import { Comparisons } from "../results/comparisons";
import { EstimatesTable } from "../results/estimates";
import { levelsOf } from "../results/levels";
import type { SideOf } from "../results/sides";
import { Worth } from "../results/verdict";

const route = getRouteApi("/compare");

export function ComparePage() {
  const { first, second, baseline } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery(simulations("completed"));
  const studies = useQuery(keptStudies).data?.items ?? [];
  const options = (list.data?.pages.flatMap((page) => page.items) ?? []).map((one) => ({
    value: one.simulation_id,
    label: labelOf(one, studies.find((study) => study.id === one.origin?.study_id)?.name),
  }));
  const found = useQuery({
    ...compared(first ?? "", second ?? "", baseline),
    enabled: !!first && !!second && first !== second,
  });
  return (
    <>
      <PageHead title={text.compare.title} lead={text.compare.lead} />
      <form className="filters wide" onSubmit={(event) => event.preventDefault()}>
        {(["first", "second"] as const).map((name) => (
          <Choice
            key={name}
            label={text.compare[name]}
            none={text.compare.choose}
            options={options}
            value={name === "first" ? first : second}
            choose={(id) => void navigate({ search: { first, second, [name]: id }, replace: true })}
          />
        ))}
        {found.data ? (
          <Choice
            label={text.compare.baseline}
            options={found.data.sides.map((one) => ({ value: one.label, label: sideOf(found.data)(one.label).name }))}
            value={found.data.baseline}
            choose={(label) => void navigate({ search: { first, second, baseline: label }, replace: true })}
          />
        ) : null}
      </form>
      <ProblemNotice error={list.error ?? found.error} />
      {found.isFetching && !found.data ? <Loading /> : null}
      {found.data ? <Versus found={found.data} /> : null}
      {!found.data && !found.isFetching && !found.error ? (
        <EmptyState title={text.compare.empty}>{text.compare.emptyText}</EmptyState>
      ) : null}
    </>
  );
}

/** A run is called as its study; one of an earlier release as its intervention. */
function labelOf(one: Schema["SimulationView"], study: string | undefined): string {
  const version = one.origin?.study_version;
  const of = study && version ? text.compare.version(study, version) : study;
  const name = !of || one.name === study ? (of ?? one.name) : `${of}: ${one.name}`;
  return `${name} (${when(one.created_at)})`;
}

/** What an arm of two simulations is called, and where it is. */
function sideOf(found: Schema["VersusView"]) {
  const labels = found.sides.map((one) => one.label);
  const areNamesake = new Set(found.sides.map((one) => one.name)).size === 1;
  const order = (one: Schema["Side"]) => (one.simulation_id === found.sides[0]?.simulation_id ? "first" : "second");
  return (label: string) => {
    const one = found.sides.find((other) => other.label === label);
    const place = Math.max(0, labels.indexOf(label));
    if (!one) return { simulation: "", arm: label, place, name: label };
    const name = text.compare.side(areNamesake ? text.compare[order(one)] : one.name, words(one.arm));
    return { simulation: one.simulation_id, arm: one.arm, place, name };
  };
}

function Versus({ found }: { found: Schema["VersusView"] }) {
  const side: SideOf = sideOf(found);
  const levels = levelsOf(found.estimates, found.better);
  const left = Object.keys(found.not_compared);
  return (
    <>
      <Panel className="verdict">
        <Worth evidence={found.evidence} />
        {found.warnings.length || left.length ? (
          <div className="advice">
            <strong>{text.compare.warnings}</strong>
            <ul>
              {found.warnings.map((one) => (
                <li key={one}>{sentence(one)}</li>
              ))}
              {left.length ? <li>{text.compare.left(left.map(words).join(", "))}</li> : null}
            </ul>
          </div>
        ) : null}
        <p className="fine">{found.notice}</p>
      </Panel>
      <Comparisons comparisons={found.comparisons} levels={levels} side={side} />
      {found.estimates.length ? (
        <Panel title={text.compare.arms}>
          <EstimatesTable
            estimates={found.estimates}
            heads={found.evidence.sample_ratio}
            levels={levels}
            side={side}
            label={text.compare.arms}
          />
        </Panel>
      ) : null}
    </>
  );
}
