// Agents × time: how many turns ended when, on a canvas, because 10,000 agents are too many for elements.

import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useMemo, useRef } from "react";
import { count, duration } from "../../format/format";
import type { Run } from "../../live/run";
import { text } from "../../text/text";

const [ROWS, COLUMNS, HEIGHT] = [32, 60, 200];

export interface Grid {
  cells: number[];
  most: number;
  agentsPerRow: number;
  seconds: number;
}

/** Turns counted in a grid of fixed size, however many there are. */
export function gridOf(run: Pick<Run, "activity" | "people" | "began" | "ended">): Grid {
  const { activity, began } = run;
  const agentsPerRow = Math.max(1, Math.ceil(run.people / ROWS));
  const span = Math.max(1, run.ended - began);
  const cells = new Array<number>(ROWS * COLUMNS).fill(0);
  let most = 0;
  for (const [at, row] of activity) {
    const column = Math.min(COLUMNS - 1, Math.floor(((at - began) / span) * COLUMNS));
    const cell = Math.min(ROWS - 1, Math.floor(row / agentsPerRow)) * COLUMNS + column;
    const turns = (cells[cell] ?? 0) + 1;
    cells[cell] = turns;
    most = Math.max(most, turns);
  }
  return { cells, most, agentsPerRow, seconds: span / 1000 };
}

export function Activity({ run }: { run: Run }) {
  const { ref: box, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme("light");
  const grid = useMemo(() => gridOf(run), [run, run.version]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme stands for its colours
  useEffect(() => draw(canvas.current, grid, width), [grid, width, scheme]);
  if (!run.activity.length) return <p className="muted">{text.monitor.activityEmpty}</p>;
  return (
    <div ref={box}>
      <canvas
        ref={canvas}
        className="activity"
        height={HEIGHT}
        role="img"
        aria-label={`${text.monitor.activity}: ${count(run.people)} agents, ${duration(grid.seconds)}`}
      />
      <p className="fine">{text.monitor.activityNote(grid.agentsPerRow)}</p>
    </div>
  );
}

function draw(canvas: HTMLCanvasElement | null, grid: Grid, width: number): void {
  const context = canvas?.getContext("2d");
  if (!canvas || !context || width === 0) return;
  const scale = window.devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  const style = getComputedStyle(canvas);
  const rows = Math.max(1, Math.ceil(grid.cells.findLastIndex((cell) => cell > 0) / COLUMNS));
  const [w, h] = [canvas.width / COLUMNS, canvas.height / rows];
  context.fillStyle = style.getPropertyValue("--wash");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = style.getPropertyValue("--arm-0");
  grid.cells.forEach((cell, index) => {
    if (!cell) return;
    context.globalAlpha = 0.25 + 0.75 * (cell / grid.most);
    context.fillRect(
      (index % COLUMNS) * w,
      Math.floor(index / COLUMNS) * h,
      Math.max(1, w - scale),
      Math.max(1, h - 0.5),
    );
  });
  context.globalAlpha = 1;
}
