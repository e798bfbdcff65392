// The conclusion: what was found, and before any number what it is worth. The grade, the effective number of people and
// the caveat are never separate from the sentence.

import { Link } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { Panel } from "../../components/parts";
import { capital, number, percent, readable, sentence, when, words } from "../../format/format";
import { text } from "../../text/text";
import "./results.css";

export type Analysis = Schema["ResultsAnalysis"];

export const evidenceOf = (analysis: Analysis): Schema["Evidence"] | undefined =>
  (analysis.comparisons[0] ?? analysis.estimates[0])?.evidence;

export function Verdict({ results, linked = false }: { results: Schema["AggregateView"]; linked?: boolean }) {
  const { analysis, decision, alarms } = results;
  if (!analysis) return null;
  const evidence = evidenceOf(analysis);
  const [finding = "", ...basis] = analysis.verdict.split(" — ");
  const failed = Object.values(analysis.failed).reduce((sum, one) => sum + one, 0);
  return (
    <Panel className="verdict">
      {evidence ? <Worth evidence={evidence} /> : null}
      <p className="verdict-sentence">{capital(named(finding, analysis))}</p>
      {basis.length ? <p className="muted">{capital(basis.join(" — "))}</p> : null}
      {decision ? <Advice decision={decision} alarms={alarms} /> : null}
      {analysis.sample_ratio.is_flagged ? <p className="reason state-warn">{text.results.unequal}</p> : null}
      {failed ? <p className="reason state-warn">{text.monitor.failedTurns(failed)}</p> : null}
      {linked ? (
        <Link from="/simulations/$id" search={{ tab: "results" }} className="plain-link see-more">
          {text.results.open}
        </Link>
      ) : null}
    </Panel>
  );
}

/** What to do, with every reason and alarm. */
function Advice({ decision, alarms }: { decision: Schema["Decision"]; alarms: Schema["Alarm"][] }) {
  const raised = alarms.filter((one) => one.is_raised).map((one) => text.results.alarm(...alarmed(one)));
  return (
    <div className={`advice ${raised.length ? "state-warn" : ""}`}>
      <strong>{readable(decision.headline)}</strong>
      <ul>
        {[...raised, ...decision.reasons.map(readable)].map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </div>
  );
}

const alarmed = (one: Schema["Alarm"]): [string, string] => [
  words(one.kind),
  [one.metric, one.arm].filter(Boolean).map(words).join(", "),
];

/** Names of metrics, options and arms as words; nothing else of the sentence is touched. */
function named(finding: string, analysis: Analysis): string {
  const names = new Set([...analysis.estimates.flatMap((one) => [one.metric, one.option, one.arm])]);
  return finding.replace(/[A-Za-z0-9_]+/g, (word) => (names.has(word) ? words(word) : word));
}

export function Worth({ evidence }: { evidence: Schema["Evidence"] }) {
  const worth = evidence.effective_n > 0 ? text.results.worth(number(evidence.effective_n)) : text.results.worthless;
  return (
    <div className={`worth grade-${evidence.grade}`}>
      <div className="grade">
        <small>{text.results.evidence}</small>
        {evidence.grade}
      </div>
      <div className="grade">
        <small>{text.results.effectiveN}</small>
        {number(evidence.effective_n)}
      </div>
      <p>
        <strong>{worth}</strong> {sentence(evidence.caveat)}
      </p>
    </div>
  );
}

export function Method({ analysis }: { analysis: Analysis }) {
  const evidence = evidenceOf(analysis);
  const level = analysis.estimates[0]?.confidence_level;
  const parts = [
    analysis.plan_hash && analysis.plan_frozen_at
      ? text.results.plan(analysis.plan_hash.slice(0, 12), when(analysis.plan_frozen_at))
      : "",
    level ? text.results.level(level) : "",
    evidence ? `${sentence(evidence.correction)} ${sentence(evidence.effective_n_basis)}` : "",
    ...Object.entries(evidence?.attrition ?? {}).map(
      ([arm, share]) => `${words(arm)}: ${percent(share)} ${text.results.lost}.`,
    ),
  ];
  return <p className="fine">{parts.filter(Boolean).join(" ")}</p>;
}
