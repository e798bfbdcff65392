// Where a platform asks who is there: a key for this tab.

import { Button, PasswordInput, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { signIn } from "../api/session";
import { PageHead, Panel } from "../components/parts";
import { text } from "../text/text";
import "./moreStyles";

export function SignIn({ wasWrong }: { wasWrong: boolean }) {
  const [secret, setSecret] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (secret.trim()) signIn(secret);
  };
  return (
    <>
      <PageHead title={text.signIn.title} lead={text.signIn.lead} />
      <Panel>
        <form onSubmit={submit}>
          <Stack maw={420}>
            <PasswordInput
              label={text.signIn.label}
              description={text.signIn.hint}
              value={secret}
              onChange={(event) => setSecret(event.currentTarget.value)}
              error={wasWrong ? text.signIn.wrong : undefined}
              autoComplete="off"
            />
            <Button type="submit" disabled={!secret.trim()} w="fit-content">
              {text.signIn.submit}
            </Button>
          </Stack>
        </form>
      </Panel>
    </>
  );
}
