// The same study for other hands: as the file that the command line runs, as a command, as a request, as a program.

import { Button, CopyButton, FileButton, Modal, Tabs } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { parse, stringify } from "yaml";
import { asStudy, documentOf, type Study } from "../../api/studies";
import { ProblemNotice } from "../../components/parts";
import { open } from "../../design/draft";
import { text } from "../../text/text";

const SLUG = /[^a-z0-9]+/g;

function forms(study: Study): Record<string, string> {
  const file = `${study.name.toLowerCase().replace(SLUG, "_").replace(/^_|_$/g, "") || "study"}.yaml`;
  const json = JSON.stringify(documentOf(study), null, 1).replaceAll("'", "'\\''");
  const url = location.origin;
  return {
    YAML: stringify(documentOf(study)),
    CLI: `rehearsal validate ${file}\nrehearsal estimate ${file} --url ${url}\nrehearsal run ${file} --url ${url}`,
    curl: `curl -X POST ${url}/studies/run --json '${json}'`,
    Python: [
      "import asyncio",
      "from pathlib import Path",
      "",
      "import yaml",
      "from libs.client import RehearsalClient",
      "",
      `study = yaml.safe_load(Path("${file}").read_text())`,
      "",
      "",
      "async def main() -> None:",
      `    async with RehearsalClient("${url}") as client:`,
      "        run = await client.run_study(study)",
      '        print(run["simulation_id"])',
      "",
      "",
      "asyncio.run(main())",
    ].join("\n"),
  };
}

export default function ViewAs({ study }: { study: Study }) {
  const [isOpen, { open: show, close }] = useDisclosure();
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
      <Button variant="default" onClick={show}>
        {text.design.viewAs}
      </Button>
      <ProblemNotice error={error} />
      <Modal
        opened={isOpen}
        onClose={close}
        size="xl"
        title={text.design.viewAs}
        closeButtonProps={{ "aria-label": text.people.close }}
      >
        <Forms study={study} />
      </Modal>
    </>
  );
}

function Forms({ study }: { study: Study }) {
  const shown = forms(study);
  return (
    <Tabs defaultValue="YAML" keepMounted={false}>
      <Tabs.List mb="sm" aria-label={text.design.viewAs}>
        {Object.keys(shown).map((name) => (
          <Tabs.Tab key={name} value={name}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {Object.entries(shown).map(([name, value]) => (
        <Tabs.Panel key={name} value={name}>
          <CopyButton value={value}>
            {({ copied, copy }) => (
              <Button variant="default" size="compact-sm" onClick={copy}>
                {copied ? text.start.copied : text.start.copy}
              </Button>
            )}
          </CopyButton>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: text that scrolls must be reachable with the keyboard */}
          <pre className="source-text" tabIndex={0}>
            {value}
          </pre>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

/** A study file, with every field it has; one that is no study is refused. */
function read(source: string): Study {
  const study = asStudy(parse(source));
  if (!study) throw new Error(text.design.noStudy);
  return study;
}
