// One comparison: the verdict with its reasons, both distributions with the noise of human samples, how far apart they are.

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { comparison } from "../../api/evidenceQueries";
import { DataTable, figure } from "../../components/dataTable";
import { Crumb, Loaded } from "../../components/loaded";
import { PageHead, Panel, Stat } from "../../components/parts";
import { capital, number, percent, sentence, when, words } from "../../format/format";
import { text } from "../../text/text";
import { asInterval } from "../results/levels";
import { Range } from "../results/range";
import { PeopleLink, sidesOf } from "../results/sides";
import { VerdictBadge } from "./comparisons";
import "../results/results.css";
import "./validation.css";

type Comparison = Schema["ValidationComparison"];
const t = text.validation;
const route = getRouteApi("/validation/$id");
const SAID: Record<string, string> = { pass: t.alike, fail: t.unlike };

export function ComparisonPage() {
  const { id } = route.useParams();
  return <Loaded told={useQuery(comparison(id))}>{(one) => <Compared one={one} />}</Loaded>;
}

function Compared({ one }: { one: Comparison }) {
  return (
    <>
      <PageHead
        above={<Crumb to="/validation">{t.back}</Crumb>}
        title={t.against(capital(words(one.metric)))}
        lead={[one.study, one.simulator, when(one.created_at)].filter(Boolean).join(" · ")}
        actions={
          one.simulation_id ? (
            <Link to="/simulations/$id" params={{ id: one.simulation_id }} className="see-more">
              {t.simulation}
            </Link>
          ) : null
        }
      />
      <Panel className="verdict">
        <VerdictBadge verdict={one.verdict} />
        <p className="verdict-sentence">{SAID[one.verdict] ?? t.undecided}</p>
        <ul className="reasons">
          {one.reasons.map((reason) => (
            <li key={reason}>{sentence(reason)}</li>
          ))}
        </ul>
        <p className="fine">{sentence(one.caveat)}</p>
      </Panel>
      <Both one={one} />
      <Distances one={one} />
      {one.segments.length ? <Segments segments={one.segments} /> : null}
    </>
  );
}

/** Where the share of a second human sample lies 95 times of 100, from two binomial samples of these sizes. */
export function bandOf(share: number, human: number, simulated: number): [number, number] {
  const reach = 1.96 * Math.sqrt(share * (1 - share) * (1 / Math.max(1, human) + 1 / Math.max(1, simulated)));
  return [Math.max(0, share - reach), Math.min(1, share + reach)];
}

function Both({ one }: { one: Comparison }) {
  const { human, simulated } = one;
  const labels = Object.keys(human.shares ?? {});
  const bands = labels.map((label) => bandOf(human.shares?.[label] ?? 0, human.n, simulated.n));
  const most = Math.max(
    0.01,
    ...bands.map(([, high]) => high),
    ...labels.map((label) => simulated.shares?.[label] ?? 0),
  );
  const width = (share: number) => `${(share / most) * 100}%`;
  return (
    <Panel title={t.distribution}>
      {labels.length ? (
        <ul className="plain both">
          {labels.map((label, place) => {
            const [low, high] = bands[place] ?? [0, 0];
            const shares = [human.shares?.[label] ?? 0, simulated.shares?.[label] ?? 0] as const;
            return (
              <li key={label}>
                <Behind one={one} label={label} />
                <span className="pair" aria-hidden="true">
                  <span className="noise" style={{ left: width(low), width: width(high - low) }} />
                  <span className="bar arm-2" style={{ width: width(shares[0]) }} />
                  <span className="bar arm-0" style={{ width: width(shares[1]) }} />
                </span>
                <span className="counts">{`${t.human} ${percent(shares[0], 0)} · ${t.simulated} ${percent(shares[1], 0)}`}</span>
              </li>
            );
          })}
        </ul>
      ) : (
        <p className="muted">{t.noShares}</p>
      )}
      <ul className="legend">
        <li>
          <span className="swatch arm-2" aria-hidden="true" /> {t.human}
        </li>
        <li>
          <span className="swatch arm-0" aria-hidden="true" /> {t.simulated}
        </li>
        {labels.length ? (
          <li>
            <span className="swatch noise" aria-hidden="true" /> {t.band}
          </li>
        ) : null}
      </ul>
      <div className="columns">
        <Sample title={t.human} one={human} />
        <Sample title={t.simulated} one={simulated} />
      </div>
    </Panel>
  );
}

/** Whoever gave an answer in the simulation. */
function Behind({ one, label }: { one: Comparison; label: string }) {
  if (!one.simulation_id) return <span>{label}</span>;
  const everybody = sidesOf(one.simulation_id, [])("all");
  return (
    <PeopleLink side={everybody} filter={{ metric: one.metric, answer: label }}>
      {label}
    </PeopleLink>
  );
}

function Sample({ title, one }: { title: string; one: Schema["SampleSummary"] }) {
  return (
    <div>
      <h3 className="subhead">{title}</h3>
      <dl className="stats">
        <Stat label="n">{number(one.n)}</Stat>
        {one.mean == null ? null : <Stat label={t.mean}>{number(one.mean)}</Stat>}
        {one.standard_deviation == null ? null : <Stat label={t.sd}>{number(one.standard_deviation)}</Stat>}
      </dl>
      {one.answers == null ? null : <p className="fine">{t.countedOnce(one.answers, one.agents ?? one.n, one.n)}</p>}
      {one.unrecognised.count ? <p className="failed">{t.unrecognised(one.unrecognised.count)}</p> : null}
    </div>
  );
}

function Distances({ one }: { one: Comparison }) {
  const decides = one.noise_ceiling?.metric;
  const found = Object.entries(one.distances);
  const guess = one.floors?.uniform ?? null;
  const most =
    Math.max(0.05, guess ?? 0, ...found.map(([, distance]) => distance.interval[1] ?? distance.value)) * 1.04;
  const { equivalence, variance_ratio: spread } = one;
  return (
    <Panel title={t.distances}>
      {found.map(([name, distance]) => (
        <div className="bin range-row arm-0" key={name}>
          <span>{words(name)}</span>
          <span className="stack">
            {name === decides && one.noise_ceiling ? (
              <span className="noise" style={{ left: 0, width: `${(one.noise_ceiling.upper / most) * 100}%` }} />
            ) : null}
            <Range value={distance.value} interval={asInterval(distance.interval)} reach={[0, most]} />
          </span>
          <span className="counts">
            {`${number(distance.value)} (${text.interval(number(distance.interval[0]), number(distance.interval[1]))})`}
          </span>
        </div>
      ))}
      <dl className="stats">
        {one.noise_ceiling ? <Stat label={t.noise}>{`≤ ${number(one.noise_ceiling.upper)}`}</Stat> : null}
        {guess === null ? null : <Stat label={t.guess}>{number(guess)}</Stat>}
        <Stat label={t.score}>{number(one.score)}</Stat>
        <Stat label={`${t.equivalence}: ${t.withinMargin(number(equivalence.margin))}`}>
          {`${number(equivalence.difference)} ${ends(equivalence.interval)}: ${t.conclusions[equivalence.conclusion]}`}
        </Stat>
        <Stat label={`${t.spread}: ${t.spreadNote(number(spread.lowest), number(spread.highest))}`}>
          {`${number(spread.value)} ${ends(spread.interval)}: ${t.conclusions[spread.conclusion]}`}
          {spread.note ? <span className="under">{sentence(spread.note)}</span> : null}
        </Stat>
      </dl>
      <p className="fine">{t.distancesNote}</p>
    </Panel>
  );
}

const ends = (interval: number[] | null | undefined): string =>
  interval ? `(${text.interval(number(interval[0]), number(interval[1]))})` : "";

function Segments({ segments }: { segments: Schema["SegmentComparison"][] }) {
  return (
    <Panel title={t.segments}>
      <DataTable
        first={text.results.segments}
        rows={segments.map((one) => ({
          key: one.segment,
          name: (
            <>
              {words(one.segment)}
              <span className="under">{`${t.human} ${one.human_n} · ${t.simulated} ${one.simulated_n}`}</span>
            </>
          ),
          cells: [
            figure(t.distance, number(one.distance)),
            figure(t.noise, `≤ ${number(one.noise_upper)}`),
            { head: t.verdict, value: <VerdictBadge verdict={one.verdict} /> },
          ],
        }))}
      />
    </Panel>
  );
}
