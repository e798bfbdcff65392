// The same study for other hands: as the file that the command line runs, as a command, as a request, as a program.

import { Button, FileButton } from "@mantine/core";
import { useState } from "react";
import { parse } from "yaml";
import { asStudy, documentOf, type Study } from "../../api/studies";
import { AsCode, commands, program } from "../../components/asCode";
import { ProblemNotice } from "../../components/parts";
import { open } from "../../design/draft";
import { yamlOf } from "../../design/yaml";
import { text } from "../../text/text";

const SLUG = /[^a-z0-9]+/g;

function forms(study: Study): Record<string, string> {
  const file = `${study.name.toLowerCase().replace(SLUG, "_").replace(/^_|_$/g, "") || "study"}.yaml`;
  const json = JSON.stringify(documentOf(study), null, 1).replaceAll("'", "'\\''");
  return {
    YAML: yamlOf(documentOf(study)),
    CLI: commands(`estimate ${file}`, `run ${file}`),
    curl: `curl -X POST ${location.origin}/studies/run --json '${json}'`,
    Python: program(
      [`run = await client.run_study(Path("${file}"))`, 'print(run["simulation_id"])'],
      [],
      ["from pathlib import Path"],
    ),
  };
}

export default function ViewAs({ study }: { study: Study }) {
  const [error, fail] = useState<unknown>(null);
  const load = async (file: File | null) => {
    if (!file) return;
    try {
      open(read(await file.text()));
      fail(null);
    } catch (problem) {
      fail(problem);
    }
  };
  return (
    <>
      <FileButton onChange={load} accept=".yaml,.yml,.json">
        {(props) => (
          <Button variant="default" {...props}>
            {text.design.openFile}
          </Button>
        )}
      </FileButton>
      <AsCode forms={forms(study)} />
      <ProblemNotice error={error} />
    </>
  );
}

/** A study file, with every field it has; one that is no study is refused. */
function read(source: string): Study {
  const study = asStudy(parse(source));
  if (!study) throw new Error(text.design.noStudy);
  return study;
}
