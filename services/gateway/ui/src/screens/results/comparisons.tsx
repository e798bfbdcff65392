// Differences from the baseline as a forest plot that is a table: every row with its interval, grade and effective n.

import { Button } from "@mantine/core";
import { useState } from "react";
import type { Schema } from "../../api/client";
import { Panel } from "../../components/parts";
import { percent, pValue, signed, words } from "../../format/format";
import { text } from "../../text/text";
import { Change, Finding, Grade } from "./cells";
import { Forest, widest } from "./forest";
import { asInterval, isClear, type Levels, titled } from "./levels";
import { ArmName, PeopleLink, type Side, type SideOf } from "./sides";

type Comparison = Schema["ResultsComparison"];
const SHORT = 6; // tables up to this long are shown whole

export function Comparisons(props: { comparisons: Comparison[]; levels: Levels; side: SideOf }) {
  const { comparisons, levels, side } = props;
  const [isWhole, showWhole] = useState(comparisons.length <= SHORT);
  const shown = isWhole ? comparisons : comparisons.filter((one) => one.role === "primary" || isClear(one));
  const hidden = comparisons.length - shown.length;
  if (!comparisons.length) return null;
  return (
    <Panel title={text.results.comparisons}>
      <div className="table-scroll">
        <table className="data-table stacking">
          <thead>
            <tr>
              <th scope="col">{text.results.metric}</th>
              <th scope="col">{text.results.arm}</th>
              <th scope="col">{text.results.interval}</th>
              <th scope="col" className="right">
                {text.results.difference}
              </th>
              <th scope="col" className="right">
                {text.results.lift}
              </th>
              <th scope="col" className="right">
                {text.results.adjusted}
              </th>
              <th scope="col">{text.results.grade}</th>
              <th scope="col">{text.results.finding}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <Row
                key={`${one.metric} ${one.option} ${one.arm}`}
                one={one}
                levels={levels}
                side={side(one.arm)}
                baseline={side(one.baseline)}
                widest={widest(comparisons.filter((other) => other.metric === one.metric))}
              />
            ))}
          </tbody>
        </table>
      </div>
      {hidden || (isWhole && comparisons.length > SHORT) ? (
        <Button
          variant="subtle"
          size="compact-sm"
          mt="xs"
          maw="100%"
          h="auto"
          classNames={{ label: "wrapping" }}
          aria-expanded={isWhole}
          onClick={() => showWhole(!isWhole)}
        >
          {isWhole ? text.results.fewer : text.results.minor(hidden)}
        </Button>
      ) : null}
      <p className="fine">{text.results.comparisonsNote}</p>
    </Panel>
  );
}

function Row(props: { one: Comparison; levels: Levels; side: Side; baseline: Side; widest: number }) {
  const { one, levels, side, baseline, widest } = props;
  const lift = one.relative_lift;
  return (
    <tr>
      <th scope="row">
        {titled(one)}
        {one.is_control ? (
          <span className="under">{text.results.control}</span>
        ) : one.role === "secondary" ? null : (
          <span className="under">{one.role}</span>
        )}
      </th>
      <td data-label={text.results.arm} className="wide">
        <ArmName side={side} />
        <span className="under">{text.results.against(baseline.name ?? words(baseline.arm))}</span>
      </td>
      <td data-label={text.results.interval} className="wide">
        <PeopleLink
          side={side}
          filter={{ metric: one.metric }}
          label={text.results.whoIs(titled(one), side.name ?? words(side.arm))}
        >
          <Forest
            value={one.difference ?? null}
            interval={asInterval(one.interval)}
            widest={widest}
            arm={side.place}
            label={`${titled(one)}, ${words(one.arm)}: ${levels.change(one.metric, one.difference)}${levels.unit(one.metric)}`}
          />
        </PeopleLink>
      </td>
      <td className="right" data-label={text.results.difference}>
        <Change one={one} levels={levels} />
      </td>
      <td className="right" data-label={text.results.lift}>
        {lift == null ? "–" : signed(Math.round(lift * 100), percent(Math.round(lift * 100) / 100, 0))}
      </td>
      <td className="right" data-label={text.results.adjusted}>
        {pValue(one.p_adjusted)}
      </td>
      <td data-label={text.results.grade}>
        <Grade evidence={one.evidence} />
      </td>
      <td data-label={text.results.finding}>
        <Finding one={one} levels={levels} />
      </td>
    </tr>
  );
}
