// Files of the results. Fetched with the identity of the page, because a plain link could not say who asks.

import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Problem, request } from "../../api/client";
import { talked } from "../../api/queries";
import { key } from "../../api/session";
import { apiAt } from "../../api/visit";
import { Icon } from "../../components/icons";
import { ProblemNotice } from "../../components/parts";
import { text } from "../../text/text";

const FORMATS = [
  { format: "csv", label: "CSV" },
  { format: "json", label: "JSON" },
  { format: "xlsx", label: "XLSX" },
  { format: "parquet", label: "Parquet" },
  { format: "pdf", label: "PDF" },
] as const;
const TRANSCRIPT = "transcript";

export function Downloads({ id }: { id: string }) {
  const path = (format: string) => `/results/${encodeURIComponent(id)}/export?format=${format}`;
  const hasTalk = useQuery(talked(id)).data;
  const fetched = useMutation({
    mutationFn: (format: string) =>
      format === TRANSCRIPT
        ? save(`/communications/${encodeURIComponent(id)}/transcript`, `${id}.transcript.md`)
        : save(path(format), `${id}.${format}`),
  });
  const formats = hasTalk ? [...FORMATS, { format: TRANSCRIPT, label: text.results.transcript }] : FORMATS;
  return (
    <>
      <div className="links">
        {key() ? null : (
          <Button component="a" href={apiAt + path("html")} target="_blank" rel="noreferrer">
            {text.results.report}
          </Button>
        )}
        {formats.map(({ format, label }) => (
          <Button
            key={format}
            variant="default"
            leftSection={<Icon name="download" size={15} />}
            aria-label={text.results.download(label)}
            loading={fetched.isPending && fetched.variables === format}
            onClick={() => fetched.mutate(format)}
          >
            {label}
          </Button>
        ))}
      </div>
      <ProblemNotice error={fetched.error} />
    </>
  );
}

async function save(path: string, name: string): Promise<void> {
  const answer = await request(path);
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => null));
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
