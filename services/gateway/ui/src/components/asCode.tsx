// The same for other hands: as a file, as commands, as requests, as a program. Keys are named, never shown.

import { Button, CopyButton, Modal, Tabs } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { text } from "../text/text";

/** A program against this platform; the lines stand where a client is open. */
export const program = (lines: string[], before: string[] = [], imports: string[] = []): string =>
  [
    "import asyncio",
    ...imports,
    "from libs.client import RehearsalClient",
    ...(before.length ? ["", ...before] : []),
    "",
    "",
    "async def main() -> None:",
    `    async with RehearsalClient("${location.origin}") as client:`,
    ...lines.map((line) => `        ${line}`),
    "",
    "",
    "asyncio.run(main())",
  ].join("\n");

export const commands = (...lines: string[]): string =>
  lines.map((line) => `rehearsal ${line} --url ${location.origin}`).join("\n");

export function AsCode({ forms }: { forms: Record<string, string> }) {
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant="default" onClick={open}>
        {text.design.viewAs}
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        size="xl"
        title={text.design.viewAs}
        closeButtonProps={{ "aria-label": text.people.close }}
      >
        <Forms forms={forms} />
      </Modal>
    </>
  );
}

function Forms({ forms }: { forms: Record<string, string> }) {
  return (
    <Tabs defaultValue={Object.keys(forms)[0] ?? null} keepMounted={false}>
      <Tabs.List mb="sm" aria-label={text.design.viewAs}>
        {Object.keys(forms).map((name) => (
          <Tabs.Tab key={name} value={name}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {Object.entries(forms).map(([name, value]) => (
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
