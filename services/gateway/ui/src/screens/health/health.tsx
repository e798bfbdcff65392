// Whether the simulated answers are complete, valid and varied. A check that asks for attention comes first.

import { useQuery } from "@tanstack/react-query";
import type { Schema } from "../../api/client";
import { quality } from "../../api/queries";
import { DataTable, figure } from "../../components/dataTable";
import { Loaded } from "../../components/loaded";
import { Panel } from "../../components/parts";
import { answerText, count, number, percent, pValue, sentence, title, words } from "../../format/format";
import { text } from "../../text/text";
import { PeopleLink, sidesOf } from "../results/sides";
import { issuesOf } from "./issues";
import "../results/results.css";

type Card = Schema["QualityCard"];
const ORDER = ["fail", "warn", "pass"];
const rank = (check: Schema["Check"]) => (ORDER.indexOf(check.status) + ORDER.length + 1) % (ORDER.length + 1);

export function Health({ id }: { id: string }) {
  const told = useQuery(quality(id));
  return (
    <Loaded told={told}>
      {(card) => (
        <>
          <Checks card={card} />
          <Arms id={id} card={card} />
          <Metrics id={id} card={card} />
          {card.controls.length ? <Controls controls={card.controls} /> : null}
        </>
      )}
    </Loaded>
  );
}

function Checks({ card }: { card: Card }) {
  const checks = [...card.checks].sort((a, b) => rank(a) - rank(b));
  const issues = issuesOf(card);
  return (
    <Panel title={text.health.title}>
      <p>{issues ? text.health.issues(issues) : text.health.fine}</p>
      <DataTable
        first={text.health.check}
        rows={checks.map((check) => ({
          key: check.name,
          name: title(check.name),
          cells: [
            {
              head: text.health.status,
              value: (
                <span className={`state state-${check.status}`}>
                  {text.health.statuses[check.status] ?? words(check.status)}
                </span>
              ),
            },
            figure(text.health.value, number(check.value)),
            { head: text.health.meaning, value: <span className="muted">{check.meaning}</span>, isWide: true },
          ],
        }))}
      />
      <p className="fine">{sentence(card.caveat)}</p>
    </Panel>
  );
}

function Arms({ id, card }: { id: string; card: Card }) {
  const side = sidesOf(id, Object.keys(card.arms));
  const { sample_ratio: ratio, duplicate_texts: texts } = card;
  return (
    <Panel title={text.health.arms}>
      <DataTable
        first={text.results.arm}
        rows={Object.entries(card.arms).map(([arm, lost]) => ({
          key: arm,
          name: <PeopleLink side={side(arm)}>{words(arm)}</PeopleLink>,
          cells: [
            figure(text.health.planned, count(lost.assigned)),
            figure(text.health.answered, count(lost.answered)),
            figure(text.health.failed, count(lost.failed)),
            figure(text.health.attrition, percent(lost.attrition)),
          ],
        }))}
      />
      <p>
        {text.health.ratio(pValue(ratio.p_value))} {ratio.is_flagged ? text.health.ratioBad : text.health.ratioFine}{" "}
        {text.health.texts(texts.distinct, texts.texts)}
      </p>
      {Object.keys(card.failure_reasons).length ? (
        <>
          <h3 className="subhead">{text.health.reasons}</h3>
          <ul className="issues-list">
            {Object.entries(card.failure_reasons).map(([reason, times]) => (
              <li key={reason}>
                <PeopleLink side={side("all")} filter={{ failure: reason }}>
                  {reason}
                </PeopleLink>
                <span className="counts">{count(times)}</span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </Panel>
  );
}

/** Yes and no come as true and false; any other answer may be called so. */
const asAnswer = (type: string | null, answer: string) => (type === "binary" ? answerText(answer === "true") : answer);

function Metrics({ id, card }: { id: string; card: Card }) {
  if (!card.metrics.length) return null;
  const everybody = sidesOf(id, [])("all");
  return (
    <Panel title={text.health.metrics}>
      <DataTable
        first={text.results.metric}
        rows={card.metrics.map((one) => ({
          key: one.name,
          name: (
            <PeopleLink side={everybody} filter={{ metric: one.name }}>
              {words(one.name)}
            </PeopleLink>
          ),
          cells: [
            figure(text.health.reached, count(one.reached)),
            figure(text.health.answered, count(one.answered)),
            figure(text.health.missing, count(one.missing)),
            figure(text.health.invalid, count(one.invalid)),
            figure(text.health.entropy, number(one.relative_entropy)),
            figure(
              text.health.commonest,
              one.most_frequent_answer == null
                ? "–"
                : `${asAnswer(one.type, one.most_frequent_answer)} (${percent(one.most_frequent_share, 0)})`,
            ),
          ],
        }))}
      />
      <p className="fine">{text.health.entropyNote}</p>
    </Panel>
  );
}

function Controls({ controls }: { controls: Card["controls"] }) {
  return (
    <Panel title={text.health.controls}>
      <DataTable
        first={text.results.metric}
        rows={controls.map((one) => ({
          key: JSON.stringify(one),
          name: words(one.metric),
          cells: [
            { head: text.results.arm, value: one.arms.map(words).join(", ") },
            figure(text.results.adjusted, pValue(one.p_value)),
          ],
        }))}
      />
      <p className="fine">{text.health.controlsNote}</p>
    </Panel>
  );
}
