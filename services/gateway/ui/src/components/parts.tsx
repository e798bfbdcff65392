// Parts that every screen is made of: headings, panels, notices, meters. Text is always a child, never markup.

import { Alert, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Problem } from "../api/client";
import type { SimulationState } from "../api/queries";
import { ago, when } from "../format/format";
import type { Connection } from "../live/stream";
import { text } from "../text/text";
import { Icon } from "./icons";

export function PageHead(props: { title: string; lead?: ReactNode; actions?: ReactNode; above?: ReactNode }) {
  return (
    <div className="page-head">
      <div className="page-head-text">
        {props.above}
        <Title order={1}>{props.title}</Title>
        {props.lead ? <div className="lead">{props.lead}</div> : null}
      </div>
      {props.actions ? <Group gap="sm">{props.actions}</Group> : null}
    </div>
  );
}

export function Panel(props: { title?: string; aside?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <Paper component="section" className={`panel ${props.className ?? ""}`} aria-label={props.title}>
      {props.title ? (
        <div className="panel-head">
          <Title order={2} size="h5">
            {props.title}
          </Title>
          {props.aside}
        </div>
      ) : null}
      {props.children}
    </Paper>
  );
}

export function EmptyState(props: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <Paper component="section" className="panel empty">
      <Sketch />
      <Title order={2} size="h4">
        {props.title}
      </Title>
      <div className="empty-text">{props.children}</div>
      {props.action}
    </Paper>
  );
}

function Sketch() {
  return (
    <svg viewBox="0 0 120 60" aria-hidden="true" className="sketch">
      <path d="M4 50c18 0 20-34 38-34s18 22 34 22 18-30 40-30" />
      <path className="second" d="M4 52c22 0 24-14 42-14s18 6 32 6 20-12 38-14" />
      <circle cx="42" cy="16" r="4" />
      <circle className="second" cx="46" cy="38" r="4" />
    </svg>
  );
}

export function ProblemNotice({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!error) return null;
  const isSilent = error instanceof Problem && error.status === 0;
  const fields = error instanceof Problem ? error.fields : [];
  return (
    <Alert color="red" variant="light" icon={<Icon name="warning" />} title={text.problem.title} className="notice">
      <Stack gap={4}>
        <Text size="sm">
          {isSilent ? text.problem.unreachable : error instanceof Error ? error.message : String(error)}
        </Text>
        {fields.map((one) => (
          <Text size="sm" key={`${one.field} ${one.message}`}>
            <code>{one.field}</code> {one.message} {one.allowed?.length ? text.problem.allowed(one.allowed) : null}
          </Text>
        ))}
        {retry ? (
          <Button variant="default" size="xs" onClick={retry} w="fit-content">
            {text.problem.again}
          </Button>
        ) : null}
      </Stack>
    </Alert>
  );
}

export function StateBadge({ state }: { state: SimulationState | string }) {
  return (
    <span className={`state state-${state}`}>
      <span className="dot" aria-hidden="true" />
      {text.states[state] ?? state}
    </span>
  );
}

export function LiveDot({ connection, paused = false }: { connection: Connection; paused?: boolean }) {
  return (
    <span className={`live live-${paused ? "paused" : connection}`} role="status">
      <span className="dot" aria-hidden="true" />
      {paused ? text.connection.paused : text.connection[connection]}
    </span>
  );
}

export function Meter(props: { part: number; failed?: number; total: number; label: string; arm?: number }) {
  const share = (value: number) => `${props.total > 0 ? Math.min(100, (value / props.total) * 100) : 0}%`;
  return (
    <div
      className={`meter ${props.arm === undefined ? "" : `arm-${props.arm % 6}`}`}
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={props.total}
      aria-valuenow={Math.min(props.part, props.total)}
    >
      <span className="fill" style={{ width: share(props.part) }} />
      {props.failed ? <span className="fill bad" style={{ width: share(props.failed) }} /> : null}
    </div>
  );
}

export function Ago({ at }: { at: string }) {
  return (
    <time dateTime={at} title={when(at)}>
      {ago(at)}
    </time>
  );
}

export function Swatch({ arm }: { arm: number }) {
  return <span className={`swatch arm-${arm % 6}`} aria-hidden="true" />;
}

export function Stat({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="stat">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
