// Whether the simulated answers are complete, valid and varied. A check that asks for attention comes first.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Schema } from "../../api/client";
import { quality } from "../../api/queries";
import { Loading } from "../../app/loading";
import { Panel, ProblemNotice } from "../../components/parts";
import { count, number, percent, pValue, sentence, title, words } from "../../format/format";
import { text } from "../../text/text";
import { PeopleLink, sidesOf } from "../results/sides";
import { issuesOf } from "./issues";
import "../results/results.css";

type Card = Schema["QualityCard"];
const ORDER = ["fail", "warn", "pass"];
const rank = (check: Schema["Check"]) => (ORDER.indexOf(check.status) + ORDER.length + 1) % (ORDER.length + 1);

export function Health({ id }: { id: string }) {
  const card = useQuery(quality(id));
  if (card.isPending) return <Loading />;
  if (!card.data) return <ProblemNotice error={card.error} retry={() => void card.refetch()} />;
  return (
    <>
      <Checks card={card.data} />
      <Arms id={id} card={card.data} />
      <Metrics card={card.data} />
      {card.data.controls.length ? <Controls controls={card.data.controls} /> : null}
    </>
  );
}

interface Cell {
  head: string;
  value: ReactNode;
  isNumber?: boolean;
  isWide?: boolean;
}

/** A table whose first column names the row; on a phone every row is a card. */
function Rows({ first, rows }: { first: string; rows: { name: ReactNode; key: string; cells: Cell[] }[] }) {
  const kind = (cell: Cell) => [cell.isNumber ? "right" : "", cell.isWide ? "wide muted" : ""].join(" ").trim();
  return (
    <div className="table-scroll">
      <table className="data-table stacking">
        <thead>
          <tr>
            <th scope="col">{first}</th>
            {rows[0]?.cells.map((cell) => (
              <th scope="col" key={cell.head} className={cell.isNumber ? "right" : ""}>
                {cell.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.name}</th>
              {row.cells.map((cell) => (
                <td key={cell.head} data-label={cell.head} className={kind(cell)}>
                  {cell.value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const figure = (head: string, value: ReactNode): Cell => ({ head, value, isNumber: true });

function Checks({ card }: { card: Card }) {
  const checks = [...card.checks].sort((a, b) => rank(a) - rank(b));
  const issues = issuesOf(card);
  return (
    <Panel title={text.health.title}>
      <p>{issues ? text.health.issues(issues) : text.health.fine}</p>
      <Rows
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
            { head: text.health.meaning, value: check.meaning, isWide: true },
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
      <Rows
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
                <span>{reason}</span>
                <span className="counts">{count(times)}</span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </Panel>
  );
}

function Metrics({ card }: { card: Card }) {
  if (!card.metrics.length) return null;
  return (
    <Panel title={text.health.metrics}>
      <Rows
        first={text.results.metric}
        rows={card.metrics.map((one) => ({
          key: one.name,
          name: words(one.name),
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
                : `${one.most_frequent_answer} (${percent(one.most_frequent_share, 0)})`,
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
      <Rows
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
