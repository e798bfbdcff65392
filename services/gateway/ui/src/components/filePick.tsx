// Choosing a CSV file, and saying why one cannot be read.

import { Button, FileButton } from "@mantine/core";
import { useState } from "react";
import { text } from "../text/text";
import { type Table, tableOf } from "./csv";
import { Icon } from "./icons";

const MOST_BYTES = 5_000_000;

export interface Picked {
  name: string;
  csv: string;
  table: Table;
}

export function FilePick({ picked, pick }: { picked: Picked | null; pick: (file: Picked | null) => void }) {
  const [problem, tell] = useState("");
  const read = async (file: File | null) => {
    if (!file) return;
    const csv = file.size > MOST_BYTES ? "" : await file.text();
    const table = tableOf(csv);
    tell(file.size > MOST_BYTES ? text.validation.tooLarge : table ? "" : text.validation.noHeader);
    pick(table ? { name: file.name, csv, table } : null);
  };
  return (
    <div className="picked">
      <FileButton onChange={(file) => void read(file)} accept="text/csv,.csv">
        {(props) => (
          <Button {...props} variant="default" leftSection={<Icon name="up" size={15} />}>
            {picked ? text.validation.another : text.validation.file}
          </Button>
        )}
      </FileButton>
      {picked ? (
        <span className="counts">
          {`${picked.name}: ${text.validation.lines(picked.table.rows.length, picked.table.columns.length)}`}
        </span>
      ) : null}
      {problem ? (
        <span className="failed" role="alert">
          {problem}
        </span>
      ) : null}
    </div>
  );
}
