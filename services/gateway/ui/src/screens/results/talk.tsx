// What people said to each other: the beginning of it, and more on request. A model wrote all of it; it is shown as text.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { talked } from "../../api/queries";
import { type Line, talk } from "../../api/transcript";
import { Panel } from "../../components/parts";
import { text } from "../../text/text";
import { PeopleLink, type Side } from "./sides";

const [BEGINNING, MORE] = [1_200, 10]; // letters shown at first; times as many each time more is asked for
const t = text.results.talk;

export function Talk({ side }: { side: Side }) {
  const [letters, show] = useState(BEGINNING);
  const hasTalk = useQuery(talked(side.simulation)).data ?? false;
  const told = useQuery({ ...talk(side.simulation, letters), enabled: hasTalk });
  if (!told.data) return null;
  const { lines, isWhole } = told.data;
  return (
    <Panel title={t.title}>
      {lines.map((line, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are only added at the end
        <Told key={place} line={line} side={side} />
      ))}
      <p className="fine">{isWhole ? t.whole : t.beginning}</p>
      {isWhole ? null : (
        <Button variant="default" size="compact-sm" loading={told.isFetching} onClick={() => show(letters * MORE)}>
          {t.more}
        </Button>
      )}
    </Panel>
  );
}

function Told({ line, side }: { line: Line; side: Side }) {
  if (line.kind === "group") return <h3 className="subhead">{t.group(line.text)}</h3>;
  if (line.kind === "round") return <h4 className="fine round">{line.text}</h4>;
  const who = <strong>{line.who}</strong>;
  return (
    <p className="told">
      {line.agent ? (
        <PeopleLink side={side} filter={{ agent: line.agent }}>
          {who}
        </PeopleLink>
      ) : (
        who
      )}
      {line.text}
    </p>
  );
}
