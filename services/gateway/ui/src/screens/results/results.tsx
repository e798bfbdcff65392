// The results of a simulation: what it is worth, then what was found, then how the answers are spread and by whom.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import type { Schema } from "../../api/client";
import { aggregate } from "../../api/queries";
import { isGuest } from "../../api/visit";
import { Loading } from "../../app/loading";
import { EmptyState, Panel, ProblemNotice } from "../../components/parts";
import { text } from "../../text/text";
import { Unread, UnreadOf } from "../populations/unread";
import { Changes } from "./changes";
import { Comparisons } from "./comparisons";
import { Distributions } from "./distributions";
import { Downloads } from "./downloads";
import { Estimates } from "./estimates";
import { Funnel } from "./funnel";
import { levelsOf } from "./levels";
import { MainEffects } from "./mainEffects";
import { Moods } from "./moods";
import { Segments } from "./segments";
import { ShareLink } from "./shareLink";
import { sidesOf } from "./sides";
import { Talk } from "./talk";
import { Themes } from "./themes";
import { Method, Verdict } from "./verdict";
import { Who } from "./who";

const Correlations = lazy(() => import("./correlations").then((module) => ({ default: module.Correlations })));
const Hybrid = lazy(() => import("../validation/hybrid").then((module) => ({ default: module.Hybrid })));
const Series = lazy(() => import("./series").then((module) => ({ default: module.Series })));

export function Results({ status }: { status: Schema["SimulationView"] }) {
  const results = useQuery(aggregate(status.simulation_id));
  if (results.isPending) return <Loading />;
  if (!results.data) return <ProblemNotice error={results.error} retry={() => void results.refetch()} />;
  const { analysis, aggregate_results: sums, note, population: people } = results.data;
  const arms = Object.keys(sums.arms).length ? Object.keys(sums.arms) : ["all"];
  const side = sidesOf(status.simulation_id, arms);
  const levels = levelsOf(analysis?.estimates ?? sums.segments.flatMap((one) => one.estimates), results.data.better);
  return (
    <>
      {analysis ? (
        <Verdict results={results.data} />
      ) : (
        <EmptyState title={text.results.pendingTitle}>{note ?? text.results.pending}</EmptyState>
      )}
      <Talk side={side("all")} />
      {people ? (
        <UnreadOf segments={people.segments} />
      ) : isGuest || !status.population_id ? null : (
        <Unread id={status.population_id} />
      )}
      {analysis ? <Comparisons comparisons={analysis.comparisons} levels={levels} side={side} /> : null}
      {analysis?.factor_effects?.length ? (
        <MainEffects effects={analysis.factor_effects} levels={levels} side={side("all")} />
      ) : null}
      {analysis ? (
        <Estimates estimates={analysis.estimates} heads={analysis.sample_ratio} levels={levels} side={side} />
      ) : null}
      {analysis?.changes?.length ? <Changes changes={analysis.changes} levels={levels} side={side} /> : null}
      <Segments segments={sums.segments} levels={levels} side={side} />
      <Distributions distributions={sums.distributions} arms={sums.arms} side={side} />
      <div className="columns">
        <Funnel stages={sums.funnel} contrasts={sums.stage_contrasts} side={side} />
        <Moods moods={sums.moods} side={side} />
      </div>
      {sums.themes.map((one) => (
        <Themes key={one.field} themes={one} side={side} />
      ))}
      <Suspense fallback={<Loading />}>
        {sums.series.length ? <Series points={sums.series} levels={levels} side={side} /> : null}
        {sums.associations.length ? <Correlations associations={sums.associations} side={side("all")} /> : null}
      </Suspense>
      {analysis && !isGuest ? (
        <Suspense fallback={<Loading />}>
          <Hybrid
            id={status.simulation_id}
            metrics={[...new Set(analysis.estimates.map((one) => one.metric))]}
            arms={arms}
            levels={levels}
          />
        </Suspense>
      ) : null}
      {people ? <Who people={people} id={results.data.population_id} /> : null}
      <Panel title={text.results.exports}>
        <Downloads id={status.simulation_id} />
        {isGuest ? null : (
          <>
            <ShareLink id={status.simulation_id} />
            <p>
              <Link to="/compare" search={{ first: status.simulation_id }} className="see-more">
                {text.compare.open}
              </Link>
            </p>
          </>
        )}
        {analysis ? <Method analysis={analysis} /> : null}
      </Panel>
    </>
  );
}
