// A table whose first column names the row; on a phone every row is a card, whose figures carry their heads.

import { VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";

export interface Cell {
  head: string;
  value: ReactNode;
  isNumber?: boolean;
  /** Long: a whole line of a card. */
  isWide?: boolean;
  /** What can be done: its head is said and not shown. */
  isAction?: boolean;
}

export interface Row {
  key: string | number;
  name: ReactNode;
  cells: Cell[];
}

export const figure = (head: string, value: ReactNode): Cell => ({ head, value, isNumber: true });

const kindOf = (cell: Cell) => (cell.isNumber ? "right" : cell.isWide ? "wide" : undefined);

export function DataTable({ first, rows }: { first: string; rows: Row[] }) {
  return (
    <div className="table-scroll">
      <table className="data-table stacking">
        <thead>
          <tr>
            <th scope="col">{first}</th>
            {rows[0]?.cells.map((cell) => (
              <th scope="col" key={cell.head} className={kindOf(cell)}>
                {cell.isAction ? <VisuallyHidden>{cell.head}</VisuallyHidden> : cell.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.name}</th>
              {row.cells.map((cell) => (
                <td key={cell.head} data-label={cell.isAction ? undefined : cell.head} className={kindOf(cell)}>
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
