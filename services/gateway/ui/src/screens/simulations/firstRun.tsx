// The first visit: what a simulation is, and one click to one with results.

import { Button, type ButtonProps, CopyButton, Paper, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMay } from "../../api/role";
import { runStudy, type Study } from "../../api/studies";
import { Icon } from "../../components/icons";
import { EmptyState, ProblemNotice } from "../../components/parts";
import { text } from "../../text/text";
import sample from "./sample.json";

const COMMAND = "rehearsal run examples/email_ab.yaml";

export function SampleButton({ variant = "filled" }: { variant?: ButtonProps["variant"] }) {
  const navigate = useNavigate();
  const may = useMay("researcher");
  const start = useMutation({
    mutationFn: () => runStudy(sample as unknown as Study),
    onSuccess: (id) => navigate({ to: "/simulations/$id", params: { id } }),
  });
  return (
    <>
      <Button
        variant={variant}
        leftSection={<Icon name="play" size={16} />}
        loading={start.isPending}
        disabled={!may}
        onClick={() => start.mutate()}
      >
        {text.start.open}
      </Button>
      <ProblemNotice error={start.error} />
    </>
  );
}

export function FirstRun() {
  return (
    <>
      <EmptyState title={text.start.title} action={<SampleButton />}>
        <Text>{text.start.lead}</Text>
        <Text mt="xs">{text.start.sample}</Text>
      </EmptyState>
      <Paper component="section" className="panel">
        <Title order={2} size="h6">
          {text.start.terminal}
        </Title>
        <Command value={COMMAND} />
        <Text className="muted" size="sm" mt="xs">
          {text.start.appears}
        </Text>
      </Paper>
    </>
  );
}

function Command({ value }: { value: string }) {
  return (
    <div className="command">
      <code>{value}</code>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Button variant="default" size="compact-sm" onClick={copy}>
            {copied ? text.start.copied : text.start.copy}
          </Button>
        )}
      </CopyButton>
    </div>
  );
}
