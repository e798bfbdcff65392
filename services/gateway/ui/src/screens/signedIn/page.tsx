// Where the identity provider sends people back to.

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { finish } from "../../api/signIn";
import { Loading } from "../../app/loading";
import { SignIn } from "../../app/signIn";
import { text } from "../../text/text";

const answer = new URLSearchParams(location.search);

export function SignedInPage() {
  const { data: from, error } = useQuery(finish(answer));
  useEffect(() => {
    if (from !== undefined) location.replace(from);
  }, [from]);
  return error ? (
    <SignIn problem={error.message.startsWith("HTTP") ? text.signIn.failed : error.message} />
  ) : (
    <Loading />
  );
}
