// A table of people, sorted by a click on its head; only the rows in view exist.

import { createSortedRowModel, rowSortingFeature, sortFns, tableFeatures, useTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { answerText, number, percent, title, words } from "../../format/format";
import { text } from "../../text/text";
import { type Person, traitOf } from "./answers";
import "./people.css";

const ROW = 62;
const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns });
const names = text.people.columns;

const age = (one: Person): number | undefined =>
  typeof one.demographic_profile.age === "number" ? one.demographic_profile.age : undefined;

const COLUMNS = [
  { id: "name", header: names.name, accessorFn: (one: Person) => one.name },
  { id: "age", header: names.age, accessorFn: age },
  { id: "arm", header: names.arm, accessorFn: (one: Person) => words(one.arm) },
  { id: "segment", header: names.segment, accessorFn: (one: Person) => words(one.segment) },
  { id: "response", header: names.response, accessorFn: (one: Person) => one.response ?? one.failure ?? "" },
  { id: "sentiment", header: names.sentiment, accessorFn: (one: Person) => one.sentiment ?? undefined },
  { id: "confidence", header: names.confidence, accessorFn: (one: Person) => one.confidence ?? undefined },
];

interface Props {
  people: Person[];
  /** What brought the reader here: shown as columns of their own. */
  metric?: string | undefined;
  trait?: string | undefined;
  open: (agentId: string) => void;
}

export function PeopleTable({ people, metric, trait, open }: Props) {
  const columns = useMemo(() => {
    const asked = [
      ...(trait ? [{ id: "trait", header: title(trait), accessorFn: (one: Person) => traitOf(one, trait) }] : []),
      ...(metric
        ? [{ id: "metric", header: title(metric), accessorFn: (one: Person) => sortable(one.answers[metric]) }]
        : []),
    ];
    return [...COLUMNS.slice(0, 4), ...asked, ...COLUMNS.slice(4)];
  }, [metric, trait]);
  const table = useTable({ features, data: people, columns });
  const rows = table.getRowModel().rows;
  const box = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable with the keyboard
    <section className="people-box" ref={box} tabIndex={0} aria-label={text.people.title}>
      <table className={`people-table asked-${(metric ? 1 : 0) + (trait ? 1 : 0)}`} aria-rowcount={rows.length + 1}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => (
                <th
                  key={header.id}
                  scope="col"
                  className={`col-${header.column.id}`}
                  aria-sort={sortOf(header.column.getIsSorted())}
                >
                  <button type="button" onClick={header.column.getToggleSortingHandler()}>
                    {header.column.columnDef.header as string}
                    <span aria-hidden="true">
                      {{ asc: " ↑", desc: " ↓" }[String(header.column.getIsSorted())] ?? ""}
                    </span>
                  </button>
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            return row ? (
              <PersonRow
                key={row.id}
                person={row.original}
                index={item.index}
                top={item.start}
                {...{ metric, trait, open }}
              />
            ) : null;
          })}
        </tbody>
      </table>
    </section>
  );
}

const sortOf = (sorted: false | "asc" | "desc") =>
  sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : "none";

const sortable = (answer: unknown): string | number | undefined =>
  typeof answer === "number" ? answer : answer == null ? undefined : answerText(answer);

type RowProps = Omit<Props, "people"> & { person: Person; index: number; top: number };

function PersonRow(props: RowProps) {
  const { person, index, top, metric, trait, open } = props;
  return (
    <tr aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)`, height: ROW }}>
      <td className="col-name">
        <button
          type="button"
          className="person"
          aria-label={text.people.open(person.name)}
          onClick={() => open(person.agent_id)}
        >
          {person.name}
        </button>
      </td>
      <td className="col-age">{number(age(person))}</td>
      <td className="col-arm">{words(person.arm)}</td>
      <td className="col-segment">{words(person.segment)}</td>
      {trait ? <td className="col-asked">{words(traitOf(person, trait))}</td> : null}
      {metric ? <td className="col-asked">{answerText(person.answers[metric])}</td> : null}
      <td className="col-response">
        <span className="two-lines">
          {person.response ?? <span className="failed">{person.failure ?? text.people.failed}</span>}
        </span>
      </td>
      <td className="col-sentiment">{number(person.sentiment)}</td>
      <td className="col-confidence">{percent(person.confidence, 0)}</td>
    </tr>
  );
}
