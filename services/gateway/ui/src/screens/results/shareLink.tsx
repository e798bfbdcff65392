// Showing the results to somebody else: to whoever has a link, or to people who sign in. Always to be read, always until a day.

import { Button, Code, NumberInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask, type Schema } from "../../api/client";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { ProblemNotice } from "../../components/parts";
import { text } from "../../text/text";

const t = text.share;
const WITH = ["anybody", "person", "all"] as const;
const ROLES = ["viewer", "researcher", "operator", "admin"] as const;

export function ShareLink({ id }: { id: string }) {
  const [reach, setReach] = useState<(typeof WITH)[number]>("anybody");
  const [tenant, setTenant] = useState("default");
  const [subject, setSubject] = useState("");
  const [role, setRole] = useState<Schema["Role"]>("viewer");
  const [days, setDays] = useState(30);
  const made = useMutation({
    mutationFn: () => {
      const shared_with = reach === "anybody" ? null : { tenant, ...(reach === "person" ? { subject } : { role }) };
      const body = { simulation_id: id, name: "shared results", expires_in_days: days, shared_with };
      return ask(api.POST("/shares", { body }));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    made.mutate();
  };
  const isWhole = reach === "anybody" || (tenant.trim() !== "" && (reach === "all" || subject.trim() !== ""));
  return (
    <form className="share" onSubmit={submit}>
      <div className="filters form-row">
        <Choice
          label={t.with}
          options={WITH.map((value) => ({ value, label: t[value] }))}
          value={reach}
          choose={(one) => setReach(WITH.find((known) => known === one) ?? "anybody")}
        />
        {reach === "anybody" ? null : (
          <TextInput label={t.tenant} value={tenant} onChange={(event) => setTenant(event.currentTarget.value)} />
        )}
        {reach === "person" ? (
          <TextInput label={t.subject} value={subject} onChange={(event) => setSubject(event.currentTarget.value)} />
        ) : null}
        {reach === "all" ? (
          <Choice
            label={text.settings.role}
            options={ROLES.map((value) => ({ value, label: value }))}
            value={role}
            choose={(one) => setRole(ROLES.find((known) => known === one) ?? "viewer")}
          />
        ) : null}
        <NumberInput
          label={t.days}
          min={1}
          max={366}
          allowDecimal={false}
          value={days}
          onChange={(value) => setDays(Number(value) || 30)}
        />
        <Button
          className="shrink"
          type="submit"
          variant="default"
          leftSection={<Icon name="share" size={15} />}
          disabled={!isWhole}
          loading={made.isPending}
        >
          {t.make}
        </Button>
      </div>
      {made.data ? <Made share={made.data} days={days} /> : null}
      <ProblemNotice error={made.error} />
    </form>
  );
}

function Made({ share, days }: { share: Schema["NewShareView"]; days: number }) {
  return (
    <div role="status">
      <Code block>{`${location.origin}/ui${share.path}/simulations/${encodeURIComponent(share.simulation_id)}`}</Code>
      <p className="fine">{share.shared_with ? t.madeFor(days) : t.made(days)}</p>
    </div>
  );
}
