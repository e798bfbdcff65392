// The talk of a simulation, as the transcript tells it: its own narrow form of Markdown, read back to lines of text.

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { Problem, request } from "./client";

export interface Line {
  kind: "group" | "round" | "said";
  /** Who said it, as what they are known here, and who that is; of a heading neither. */
  who?: string;
  agent?: string | undefined;
  text: string;
}

export interface Talk {
  lines: Line[];
  isWhole: boolean;
}

/** The beginning of the talk, of about so many letters. */
export const talk = (id: string, letters: number) =>
  queryOptions({
    queryKey: ["talk", id, letters],
    queryFn: () => beginning(`/communications/${encodeURIComponent(id)}/transcript`, letters),
    placeholderData: keepPreviousData,
  });

async function beginning(path: string, letters: number): Promise<Talk> {
  const answer = await request(path);
  if (!answer.ok || !answer.body) throw new Problem(answer.status, await answer.json().catch(() => null));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let found = "";
  while (found.length <= letters) {
    const { done, value } = await reader.read();
    if (done) return { lines: linesOf(found), isWhole: true };
    found += value;
  }
  void reader.cancel();
  return { lines: linesOf(found.slice(0, found.lastIndexOf("\n", letters))), isWhole: false };
}

const HEADING = /^(##|###) (.*)$/;
const SAID = /^(\*\*?)((?:\\.|[^*\\])+)\1(?: \(([\w-]+)\))?(.*)$/;
const plain = (text: string) => text.replace(/\\(.)/g, "$1");

export function linesOf(transcript: string): Line[] {
  const lines: Line[] = [];
  for (const line of transcript.split("\n")) {
    const heading = HEADING.exec(line);
    const said = SAID.exec(line);
    if (heading) lines.push({ kind: heading[1] === "##" ? "group" : "round", text: plain(heading[2] ?? "") });
    if (said) lines.push({ kind: "said", who: plain(said[2] ?? ""), agent: said[3], text: plain(said[4] ?? "") });
  }
  return lines.slice(0, lines.findLastIndex((line) => line.kind === "said") + 1);
}
