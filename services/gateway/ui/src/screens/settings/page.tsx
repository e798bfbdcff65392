// Who gets in, what is shared, what runs the agents, and what was done. What a role may not see it is told so.

import { Button, Code, NumberInput, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ask, type Schema } from "../../api/client";
import { audit, engines, keys, received, shares } from "../../api/placeQueries";
import { ROLES, useMay, useYou } from "../../api/role";
import { Choice } from "../../components/choice";
import { DataTable, figure } from "../../components/dataTable";
import { Ago, PageHead, Panel, ProblemNotice, StateBadge } from "../../components/parts";
import { when } from "../../format/format";
import { text } from "../../text/text";
import { Budgets, Models } from "./models";
import "../../app/moreStyles";
import "../populations/populations.css";
import "../results/results.css";

export function SettingsPage() {
  const you = useYou();
  const shares = useMay("researcher");
  const isAdmin = useMay("admin");
  return (
    <>
      <PageHead
        title={text.settings.title}
        lead={you ? text.settings.youAre(you.subject, you.role, you.tenant) : text.settings.lead}
      />
      {you && !isAdmin ? <p className="muted">{text.settings.hidden(you.role, !!shares)}</p> : null}
      {isAdmin ? <Keys /> : null}
      {shares ? <Links /> : null}
      <Received />
      <Models />
      <Engines />
      {isAdmin ? <Budgets /> : null}
      {isAdmin ? <Audit /> : null}
    </>
  );
}

interface Row {
  id: string;
  name: string;
  role: string;
  state: string;
  created_by: string;
  created_at: string;
  expires_at: string | null;
  simulation_id?: string;
}

function Grants({ items, revoke, isBusy }: { items: Row[]; revoke: (id: string) => void; isBusy: boolean }) {
  return (
    <DataTable
      first={text.settings.name}
      rows={items.map((one) => ({
        key: one.id,
        name: one.simulation_id ? (
          <Link to="/simulations/$id" params={{ id: one.simulation_id }} className="plain-link">
            {one.name}
          </Link>
        ) : (
          one.name
        ),
        cells: [
          { head: text.settings.role, value: one.role },
          { head: text.settings.state, value: <StateBadge state={one.state} /> },
          { head: text.settings.by, value: one.created_by },
          { head: text.settings.until, value: one.expires_at ? when(one.expires_at) : "–" },
          {
            head: text.settings.revoke,
            isAction: true,
            value:
              one.state === "active" ? (
                <Button variant="default" size="compact-sm" disabled={isBusy} onClick={() => revoke(one.id)}>
                  {text.settings.revoke}
                </Button>
              ) : null,
          },
        ],
      }))}
    />
  );
}

function Keys() {
  const told = useQuery(keys);
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: (id: string) => ask(api.DELETE("/keys/{key_id}", { params: { path: { key_id: id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["keys"] }),
  });
  return (
    <Panel title={text.settings.keys}>
      <ProblemNotice error={told.error ?? revoke.error} />
      {told.data && !told.data.items.length ? <p className="muted">{text.settings.keysNone}</p> : null}
      {told.data?.items.length ? (
        <Grants items={told.data.items} revoke={revoke.mutate} isBusy={revoke.isPending} />
      ) : null}
      {told.data ? <NewKey /> : null}
    </Panel>
  );
}

function NewKey() {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Schema["Role"]>("viewer");
  const [days, setDays] = useState(90);
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: () => ask(api.POST("/keys", { body: { name, role, expires_in_days: days } })),
    onSuccess: () => {
      setName("");
      return client.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <form onSubmit={submit}>
      <div className="filters form-row">
        <TextInput
          label={text.settings.name}
          value={name}
          maxLength={120}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Choice
          label={text.settings.role}
          options={ROLES.map((value) => ({ value, label: value }))}
          value={role}
          choose={(one) => setRole(ROLES.find((known) => known === one) ?? "viewer")}
        />
        <NumberInput
          label={text.settings.expires}
          min={1}
          max={366}
          value={days}
          onChange={(value) => setDays(Number(value) || 90)}
        />
        <Button className="shrink" type="submit" disabled={!name.trim()} loading={make.isPending}>
          {text.settings.make}
        </Button>
      </div>
      <ProblemNotice error={make.error} />
      {make.data ? (
        <div role="status">
          <Code block>{make.data.key}</Code>
          <p className="fine">{text.settings.once}</p>
        </div>
      ) : null}
    </form>
  );
}

function Links() {
  const told = useQuery(shares);
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: (id: string) => ask(api.DELETE("/shares/{share_id}", { params: { path: { share_id: id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["shares"] }),
  });
  return (
    <Panel title={text.settings.links}>
      <ProblemNotice error={told.error ?? revoke.error} />
      {told.data && !told.data.items.length ? <p className="muted">{text.settings.linksNone}</p> : null}
      {told.data?.items.length ? (
        <Grants items={told.data.items} revoke={revoke.mutate} isBusy={revoke.isPending} />
      ) : null}
    </Panel>
  );
}

/** What others share with whoever looks: a visit of its own, where nothing else is to be seen. */
function Received() {
  const items = useQuery(received).data?.items ?? [];
  if (!items.length) return null;
  return (
    <Panel title={text.received.title}>
      <ul className="issues-list">
        {items.map((one) => (
          <li key={one.id}>
            <a href={`/ui${one.path}/simulations/${encodeURIComponent(one.simulation_id)}`} className="see-more">
              {one.name}
            </a>
            <span className="fine">{text.received.by(one.tenant, one.created_by)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Engines() {
  const told = useQuery(engines);
  const mayMend = useMay("operator");
  return (
    <Panel title={text.settings.engines}>
      <ProblemNotice error={told.error} />
      <ul className="issues-list">
        {told.data?.items.map((one) => (
          <li key={one.name}>
            <span>
              <strong>{one.name}</strong> {one.version ?? ""} <span className="fine">{mayMend ? one.problem : ""}</span>
            </span>
            <span className={`state ${one.is_available ? "state-pass" : ""}`}>
              {one.is_available ? text.settings.available : text.settings.unavailable}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Audit() {
  const told = useInfiniteQuery(audit);
  const items = told.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel title={text.settings.audit}>
      <ProblemNotice error={told.error} />
      {told.data ? (
        <p className="fine">{text.settings.auditNote(items.length, told.data.pages[0]?.length ?? 0)}</p>
      ) : null}
      <DataTable
        first={text.settings.what}
        rows={items.map((one) => ({
          key: one.sequence,
          name: <code>{`${one.method} ${one.path}`}</code>,
          cells: [
            { head: text.settings.who, value: `${one.subject} (${one.role ?? "–"})` },
            { head: text.settings.when, value: <Ago at={one.at} /> },
            figure(text.settings.status, one.status),
          ],
        }))}
      />
      {told.hasNextPage ? (
        <Button
          variant="default"
          size="compact-sm"
          mt="sm"
          loading={told.isFetchingNextPage}
          onClick={() => void told.fetchNextPage()}
        >
          {text.settings.more}
        </Button>
      ) : null}
    </Panel>
  );
}
