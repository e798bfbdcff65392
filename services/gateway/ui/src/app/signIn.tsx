// Where a platform asks who is there: an identity provider, where there is one, or a key for this tab.

import { Button, PasswordInput, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { signIn } from "../api/session";
import { begin, provider } from "../api/signIn";
import { Icon } from "../components/icons";
import { PageHead, Panel } from "../components/parts";
import { text } from "../text/text";
import "./moreStyles";

export function SignIn({ problem }: { problem?: string | undefined }) {
  const [secret, setSecret] = useState("");
  const { data: known } = useQuery(provider);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (secret.trim()) signIn(secret);
  };
  return (
    <>
      <PageHead title={text.signIn.title} lead={text.signIn.lead} />
      {known ? (
        <Panel>
          <Stack maw={420}>
            {problem ? (
              <p className="failed" role="alert">
                {problem}
              </p>
            ) : null}
            <Button leftSection={<Icon name="key" size={16} />} w="fit-content" onClick={() => void begin(known)}>
              {text.signIn.provider}
            </Button>
            <p className="fine">{text.signIn.providerNote(new URL(known.authorization_endpoint).host)}</p>
          </Stack>
        </Panel>
      ) : null}
      <Panel>
        <form onSubmit={submit}>
          <Stack maw={420}>
            <PasswordInput
              label={text.signIn.label}
              description={text.signIn.hint}
              value={secret}
              onChange={(event) => setSecret(event.currentTarget.value)}
              error={known ? undefined : problem}
              autoComplete="off"
            />
            <Button type="submit" variant={known ? "default" : "filled"} disabled={!secret.trim()} w="fit-content">
              {text.signIn.submit}
            </Button>
          </Stack>
        </form>
      </Panel>
    </>
  );
}
