// A CSV file in the browser: only as much of it as choosing columns takes. The platform reads the file itself.

export interface Table {
  columns: string[];
  rows: string[][];
}

/** All records of a CSV text; quotes may hold commas, line breaks and doubled quotes. */
export function parse(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let cell = "";
  let isQuoted = false;
  const endCell = () => {
    record.push(cell);
    cell = "";
  };
  const endRecord = () => {
    endCell();
    if (record.some((one) => one !== "")) records.push(record);
    record = [];
  };
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? "";
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (sign === '"' && cell === "") isQuoted = true;
    else if (sign === ",") endCell();
    else if (sign === "\n") endRecord();
    else if (sign !== "\r") cell += sign;
  }
  if (cell !== "" || record.length) endRecord();
  return records;
}

const quoted = (cell: string) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
export const write = (records: string[][]): string => records.map((one) => one.map(quoted).join(",")).join("\n");

/** The table in a file, or null when it has no usable header. */
export function tableOf(text: string): Table | null {
  const [head = [], ...rows] = parse(text.replace(/^\uFEFF/, ""));
  const columns = head.map((one) => one.trim());
  const isUsable = columns.length > 0 && rows.length > 0 && new Set(columns).size === columns.length;
  return isUsable && columns.every((one) => one !== "") ? { columns, rows } : null;
}

/** The first different values of a column. */
export function valuesOf(table: Table, column: string, most = 5): string {
  const place = table.columns.indexOf(column);
  const found = [...new Set(table.rows.map((row) => row[place] ?? "").filter(Boolean))];
  return found.slice(0, most).join(", ") + (found.length > most ? ", …" : "");
}
