// A chart of the engine in a box of fixed height; it follows the width of its place and is drawn anew when its data change.

import { useElementSize } from "@mantine/hooks";
import type { ECharts } from "echarts/core";
import { useEffect, useRef } from "react";
import { init } from "./engine";

export interface Mark {
  value: unknown;
  dataIndex: number;
  seriesIndex?: number;
}

export function Chart(props: {
  option: Record<string, unknown>;
  height: number;
  label: string;
  /** What a click on a mark does, told its value, its place and that of its series. */
  onPick?: (mark: Mark) => void;
}) {
  const { option, height, label, onPick } = props;
  const { ref: outer, width } = useElementSize();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  useEffect(() => {
    if (!box.current) return;
    chart.current = init(box.current, null, { renderer: "svg" });
    return () => chart.current?.dispose();
  }, []);
  useEffect(() => {
    if (width) chart.current?.resize({ width, height });
  }, [width, height]);
  useEffect(() => {
    chart.current?.setOption({ animation: false, textStyle: { fontFamily: "inherit" }, ...option }, true);
  }, [option]);
  useEffect(() => {
    const drawn = chart.current;
    if (!drawn || !onPick) return;
    drawn.on("click", onPick as (mark: object) => void);
    return () => {
      drawn.off("click", onPick as (mark: object) => void);
    };
  }, [onPick]);
  return (
    <div ref={outer}>
      <div ref={box} style={{ height }} role="img" aria-label={label} />
    </div>
  );
}
