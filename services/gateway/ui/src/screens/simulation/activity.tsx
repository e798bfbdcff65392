// Agents × time: how many turns ended when, on a canvas, because 10,000 agents are too many for elements.

import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type MouseEvent, useEffect, useMemo, useRef, useState } from "react";
import { clock, count, duration } from "../../format/format";
import type { Run } from "../../live/run";
import { text } from "../../text/text";

const [ROWS, COLUMNS, HEIGHT] = [32, 60, 200];

export interface Grid {
  cells: number[];
  most: number;
  agentsPerRow: number;
  /** When it begins, and how long it is, in milliseconds. */
  began: number;
  span: number;
}

/** Turns counted in a grid of fixed size, however many there are. */
export function gridOf(run: Pick<Run, "activity" | "highest" | "began" | "ended">): Grid {
  const { activity, began } = run;
  const agentsPerRow = Math.max(1, Math.ceil(run.highest / ROWS));
  const span = Math.max(1, run.ended - began);
  const cells = new Array<number>(ROWS * COLUMNS).fill(0);
  let most = 0;
  for (const [at, number] of activity) {
    const column = Math.min(COLUMNS - 1, Math.floor(((at - began) / span) * COLUMNS));
    const cell = Math.min(ROWS - 1, Math.floor(Math.max(0, number - 1) / agentsPerRow)) * COLUMNS + column;
    const turns = (cells[cell] ?? 0) + 1;
    cells[cell] = turns;
    most = Math.max(most, turns);
  }
  return { cells, most, agentsPerRow, began, span };
}

/** Who is behind a cell, as the address of the people says it. */
export function behind(grid: Grid, cell: number): { agents: string; since: string; until: string } {
  const [row, column] = [Math.floor(cell / COLUMNS), cell % COLUMNS];
  const start = (place: number) => Math.ceil(grid.began + (place / COLUMNS) * grid.span);
  const until = column === COLUMNS - 1 ? grid.began + grid.span : start(column + 1) - 1;
  return {
    agents: `${row * grid.agentsPerRow + 1}-${(row + 1) * grid.agentsPerRow}`,
    since: new Date(start(column)).toISOString(),
    until: new Date(until).toISOString(),
  };
}

const rowsOf = (grid: Grid): number =>
  Math.max(1, Math.ceil((grid.cells.findLastIndex((cell) => cell > 0) + 1) / COLUMNS));

const STEPS: Record<string, readonly [number, number]> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

export function Activity({ run, id }: { run: Run; id: string }) {
  const { ref: box, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const navigate = useNavigate();
  const [chosen, choose] = useState<number | null>(null);
  const scheme = useComputedColorScheme("light");
  const grid = useMemo(() => gridOf(run), [run, run.version]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme stands for its colours
  useEffect(() => draw(canvas.current, grid, width, chosen), [grid, width, scheme, chosen]);
  if (!run.activity.length) return <p className="muted">{text.monitor.activityEmpty}</p>;
  const rows = rowsOf(grid);
  const open = (cell: number) =>
    void navigate({ to: "/simulations/$id", params: { id }, search: { tab: "people", ...behind(grid, cell) } });
  const at = ({ nativeEvent: { offsetX, offsetY } }: MouseEvent) =>
    Math.min(rows - 1, Math.floor((offsetY / HEIGHT) * rows)) * COLUMNS +
    Math.min(COLUMNS - 1, Math.max(0, Math.floor((offsetX / width) * COLUMNS)));
  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step) {
      const [row, column] = [Math.floor((chosen ?? 0) / COLUMNS) + step[0], ((chosen ?? 0) % COLUMNS) + step[1]];
      choose(within(row, rows) * COLUMNS + within(column, COLUMNS));
    } else if ((event.key === "Enter" || event.key === " ") && chosen !== null) open(chosen);
    else return;
    event.preventDefault();
  };
  return (
    <div ref={box}>
      {/* biome-ignore lint/a11y/useSemanticElements: a drawing that can be chosen from */}
      <canvas
        ref={canvas}
        className="activity"
        height={HEIGHT}
        role="button"
        tabIndex={0}
        aria-label={`${text.monitor.activityOf(count(run.people), duration(grid.span / 1000))} ${text.monitor.activityKeys}`}
        onPointerMove={(event) => choose(at(event))}
        onClick={(event) => open(at(event))}
        onKeyDown={press}
      />
      <p className="fine" role="status">
        {chosen === null ? text.monitor.activityKeys : said(grid, chosen)}
      </p>
      <p className="fine">{text.monitor.activityNote(grid.agentsPerRow)}</p>
    </div>
  );
}

const within = (place: number, amount: number) => Math.min(amount - 1, Math.max(0, place));

function said(grid: Grid, cell: number): string {
  const { agents, since, until } = behind(grid, cell);
  return text.monitor.activityCell(agents.replace("-", "–"), clock(since), clock(until), grid.cells[cell] ?? 0);
}

function draw(canvas: HTMLCanvasElement | null, grid: Grid, width: number, chosen: number | null): void {
  const context = canvas?.getContext("2d");
  if (!canvas || !context || width === 0) return;
  const scale = window.devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  const style = getComputedStyle(canvas);
  const [w, h] = [canvas.width / COLUMNS, canvas.height / rowsOf(grid)];
  const place = (cell: number) => [(cell % COLUMNS) * w, Math.floor(cell / COLUMNS) * h] as const;
  context.fillStyle = style.getPropertyValue("--wash");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = style.getPropertyValue("--arm-0");
  grid.cells.forEach((turns, cell) => {
    if (!turns) return;
    context.globalAlpha = 0.25 + 0.75 * (turns / grid.most);
    context.fillRect(...place(cell), Math.max(1, w - scale), Math.max(1, h - 0.5));
  });
  context.globalAlpha = 1;
  if (chosen === null) return;
  context.strokeStyle = style.getPropertyValue("--ink");
  context.lineWidth = 2 * scale;
  context.strokeRect(...place(chosen), w, h);
}
