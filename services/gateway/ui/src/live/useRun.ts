// A simulation that is followed live: its Run, redrawn as often as events arrive, which is at most four times a second.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer, useRef, useState } from "react";
import type { Schema } from "../api/client";
import { isOver, Run } from "./run";
import { Slices } from "./slices";
import { type Connection, follow, type LiveEvent } from "./stream";

export interface Following {
  run: Run;
  connection: Connection;
  isHeld: boolean;
  hold: (held: boolean) => void;
}

export function useRun(status: Schema["SimulationView"]): Following {
  const id = status.simulation_id;
  const client = useQueryClient();
  const run = useRef<{ id: string; run: Run }>(null);
  if (run.current?.id !== id) run.current = { id, run: new Run(status) };
  const current = run.current.run;
  const [connection, setConnection] = useState<Connection>("connecting");
  const [isHeld, setHeld] = useState(false);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const held = useRef<LiveEvent[] | null>(null);
  const worker = useRef(new Slices());
  worker.current.take = (events) => {
    current.take(events);
    redraw();
    if (!isOver(current.state)) return;
    for (const noun of ["simulation", "results", "individuals", "quality", "monitor"]) {
      void client.invalidateQueries({ queryKey: [noun, id] });
    }
  };

  useEffect(() => {
    return follow(`/simulations/${encodeURIComponent(id)}/stream`, {
      onConnection: setConnection,
      onEvents: (events) => {
        if (held.current) held.current.push(...events);
        else worker.current.add(events);
      },
    });
  }, [id]);

  const hold = (wanted: boolean) => {
    const kept = held.current;
    held.current = wanted ? [] : null;
    if (!wanted && kept?.length) worker.current.add(kept);
    setHeld(wanted);
    redraw();
  };
  return { run: current, connection, isHeld, hold };
}
