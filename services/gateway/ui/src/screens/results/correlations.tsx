// Traits against answers as a heatmap. What chance alone would give is drawn as nothing.

import { useComputedColorScheme } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { Chart } from "../../charts/chart";
import { palette } from "../../charts/palette";
import { Panel } from "../../components/parts";
import { number, words } from "../../format/format";
import { text } from "../../text/text";
import { titled } from "./levels";
import { PeopleLink, type Side } from "./sides";

type Association = Schema["Association"];
const MOST = 18; // traits shown, and metrics
const MOST_ON_A_PHONE = 12; // metrics shown there
const MOST_BESIDE = 6; // metrics whose names have room beside each other; more are written upwards
const LONGEST = 170; // pixels of a name that is written upwards
const BEYOND_CHANCE = 3; // times what chance shows, as in the report

export function Correlations({ associations, side }: { associations: Association[]; side: Side }) {
  const navigate = useNavigate();
  const colours = palette(useComputedColorScheme("light"));
  const beyond = (one: Association) => Math.max(0, Math.abs(one.value) - BEYOND_CHANCE * one.by_chance);
  const isNarrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const strongestBy = (name: (one: Association) => string, most: number): string[] => {
    const strength = new Map<string, number>();
    for (const one of associations) strength.set(name(one), Math.max(strength.get(name(one)) ?? 0, beyond(one)));
    return [...strength]
      .sort((a, b) => b[1] - a[1])
      .slice(0, most)
      .map(([found]) => found);
  };
  const traits = strongestBy((one) => one.attribute, MOST).reverse();
  const metrics = strongestBy(titled, isNarrow ? MOST_ON_A_PHONE : MOST);
  const isUpright = isNarrow || metrics.length > MOST_BESIDE;
  const cells = associations
    .filter((one) => traits.includes(one.attribute) && metrics.includes(titled(one)))
    .map((one) => [metrics.indexOf(titled(one)), traits.indexOf(one.attribute), beyond(one) > 0 ? one.value : 0]);
  const strongest = [...associations]
    .sort((a, b) => beyond(b) - beyond(a))
    .slice(0, 6)
    .filter((one) => beyond(one) > 0);
  const said = strongest.map((one) => `${words(one.attribute)} × ${titled(one)} ${number(one.value)}`).join(", ");
  if (!strongest.length) {
    return (
      <Panel title={text.results.correlations}>
        <p className="muted">{text.results.correlationsNone}</p>
      </Panel>
    );
  }
  return (
    <Panel title={text.results.correlations}>
      <Chart
        height={Math.max(200, traits.length * 24 + 90) + (isUpright ? LONGEST - 20 : 0)}
        label={`${text.results.correlations}: ${said}`}
        onPick={({ value }) => {
          const [place, trait] = value as [number, number];
          const metric = associations.find((one) => titled(one) === metrics[place])?.metric;
          void navigate({
            to: "/simulations/$id",
            params: { id: side.simulation },
            search: { tab: "people", trait: traits[trait], metric },
          });
        }}
        option={{
          grid: { left: 14, right: 12, top: 8, bottom: 64, containLabel: true },
          tooltip: {
            renderMode: "richText",
            formatter: (shown: { value: number[] }) =>
              `${words(traits[shown.value[1] ?? 0])} × ${metrics[shown.value[0] ?? 0]}: ${number(shown.value[2])}`,
          },
          xAxis: {
            type: "category",
            data: metrics,
            axisLabel: {
              interval: 0,
              color: colours.soft,
              lineHeight: 14,
              ...(isUpright ? { rotate: 90, width: LONGEST, overflow: "truncate" } : { width: 84, overflow: "break" }),
            },
          },
          yAxis: {
            type: "category",
            data: traits.map((one) => words(one)),
            axisLabel: { interval: 0, color: colours.soft },
          },
          visualMap: {
            min: -0.6,
            max: 0.6,
            calculable: false,
            orient: "horizontal",
            left: "center",
            bottom: 0,
            itemHeight: 120,
            itemWidth: 12,
            text: ["+0.6", "−0.6"],
            textStyle: { color: colours.soft },
            inRange: { color: [colours.arms[1], colours.wash, colours.arms[0]] },
          },
          series: [
            {
              type: "heatmap",
              data: cells,
              itemStyle: { borderColor: colours.panel, borderWidth: 2, borderRadius: 4 },
            },
          ],
        }}
      />
      <p className="fine">{text.results.correlationsNote}</p>
      <ul className="legend">
        {strongest.map((one) => (
          <li key={`${one.attribute} ${titled(one)}`}>
            <PeopleLink side={side} filter={{ trait: one.attribute, metric: one.metric }}>
              {`${words(one.attribute)} × ${titled(one)} `}
              <strong>{number(one.value)}</strong>
            </PeopleLink>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
