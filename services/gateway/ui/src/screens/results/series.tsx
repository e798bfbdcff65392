// A metric over the touchpoints or rounds of a simulation, by arm.

import { useComputedColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { Chart } from "../../charts/chart";
import { palette } from "../../charts/palette";
import { Panel } from "../../components/parts";
import { title, words } from "../../format/format";
import { text } from "../../text/text";
import { type Levels, titled } from "./levels";
import { PeopleLink, type SideOf } from "./sides";

export function Series(props: { points: Schema["Point"][]; levels: Levels; side: SideOf }) {
  const moments = (name: string) => new Set(props.points.filter((one) => titled(one) === name).map(momentOf)).size;
  const metrics = [...new Set(props.points.map(titled))].filter((name) => moments(name) > 1);
  if (!metrics.length) return null;
  return (
    <Panel title={text.results.series}>
      {metrics.map((metric) => (
        <One key={metric} {...props} title={metric} points={props.points.filter((one) => titled(one) === metric)} />
      ))}
    </Panel>
  );
}

/** A round where no two steps share one; else the step too. */
function namesOf(points: Schema["Point"][]): (moment: string) => string {
  const rounds = new Map(points.map((one) => [momentOf(one), one.round]));
  const isApart = new Set(rounds.values()).size === rounds.size;
  return (moment) => (isApart ? text.results.changed.round(rounds.get(moment) ?? 0) : words(moment));
}

const momentOf = (one: Schema["Point"]) => `${one.step_id} ${one.round}`;

function One(props: { title: string; points: Schema["Point"][]; levels: Levels; side: SideOf }) {
  const navigate = useNavigate();
  const colours = palette(useComputedColorScheme("light"));
  const moments = [...new Set(props.points.map(momentOf))];
  const named = namesOf(props.points);
  const arms = [...new Set(props.points.map((one) => one.arm))];
  const metric = props.points[0]?.metric ?? "";
  const show = (value: number) => props.levels.level(metric, value);
  return (
    <>
      <h3 className="subhead">{title(props.title)}</h3>
      <Chart
        height={220}
        label={`${text.results.series}: ${props.title}`}
        onPick={({ dataIndex, seriesIndex = 0 }) => {
          const side = props.side(arms[seriesIndex] ?? "all");
          const arm = side.arm === "all" ? undefined : side.arm;
          const search = { tab: "people", arm, step: moments[dataIndex], metric };
          void navigate({ to: "/simulations/$id", params: { id: side.simulation }, search });
        }}
        option={{
          grid: { left: 4, right: 12, top: 34, bottom: 4, containLabel: true },
          legend: { top: 0, left: 0, itemGap: 22, textStyle: { color: colours.soft } },
          tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value: unknown) => show(Number(value)) },
          xAxis: { type: "category", data: moments.map(named), axisLabel: { color: colours.soft } },
          yAxis: {
            type: "value",
            scale: true,
            axisLabel: { color: colours.soft, formatter: show },
            splitLine: { lineStyle: { color: colours.line } },
          },
          series: arms.map((arm) => ({
            type: "line",
            connectNulls: true,
            name: words(arm),
            color: colours.arms[props.side(arm).place % 6],
            data: moments.map(
              (moment) => props.points.find((one) => one.arm === arm && momentOf(one) === moment)?.value ?? null,
            ),
          })),
        }}
      />
      <p className="fine">
        {text.results.whoWhen}{" "}
        {moments.map((one) => (
          <PeopleLink key={one} side={props.side("all")} filter={{ step: one, metric }} className="listed">
            {named(one)}
          </PeopleLink>
        ))}
      </p>
    </>
  );
}
