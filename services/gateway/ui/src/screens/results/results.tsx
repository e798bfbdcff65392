// The results of a simulation: what it is worth, then what was found, then how the answers are spread and by whom.

import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { Schema } from "../../api/client";
import { aggregate } from "../../api/queries";
import { Loading } from "../../app/loading";
import { EmptyState, Panel, ProblemNotice } from "../../components/parts";
import { text } from "../../text/text";
import { Comparisons } from "./comparisons";
import { Distributions } from "./distributions";
import { Downloads, ShareLink } from "./downloads";
import { Estimates } from "./estimates";
import { Funnel } from "./funnel";
import { levelsOf } from "./levels";
import { Moods } from "./moods";
import { Segments } from "./segments";
import { Method, Verdict } from "./verdict";

const Correlations = lazy(() => import("./correlations").then((module) => ({ default: module.Correlations })));
const Series = lazy(() => import("./series").then((module) => ({ default: module.Series })));

export function Results({ status }: { status: Schema["SimulationView"] }) {
  const results = useQuery(aggregate(status.simulation_id));
  if (results.isPending) return <Loading />;
  if (!results.data) return <ProblemNotice error={results.error} retry={() => void results.refetch()} />;
  const { analysis, aggregate_results: sums, note } = results.data;
  const arms = Object.keys(sums.arms).length ? Object.keys(sums.arms) : ["all"];
  const armPlace = (arm: string) => Math.max(0, arms.indexOf(arm));
  const levels = levelsOf(analysis?.estimates ?? sums.segments.flatMap((one) => one.estimates));
  return (
    <>
      {analysis ? (
        <Verdict results={results.data} />
      ) : (
        <EmptyState title={text.results.pendingTitle}>{note ?? text.results.pending}</EmptyState>
      )}
      {analysis ? <Comparisons comparisons={analysis.comparisons} levels={levels} armPlace={armPlace} /> : null}
      {analysis ? <Estimates estimates={analysis.estimates} levels={levels} armPlace={armPlace} /> : null}
      <Distributions distributions={sums.distributions} armPlace={armPlace} />
      <div className="columns">
        <Funnel stages={sums.funnel} armPlace={armPlace} />
        <Moods moods={sums.moods} armPlace={armPlace} />
      </div>
      <Segments segments={sums.segments} levels={levels} armPlace={armPlace} />
      <Suspense fallback={<Loading />}>
        {sums.series.length ? <Series points={sums.series} levels={levels} armPlace={armPlace} /> : null}
        {sums.associations.length ? <Correlations associations={sums.associations} /> : null}
      </Suspense>
      <Panel title={text.results.exports}>
        <Downloads id={status.simulation_id} />
        <ShareLink id={status.simulation_id} />
        {analysis ? <Method analysis={analysis} /> : null}
      </Panel>
    </>
  );
}
