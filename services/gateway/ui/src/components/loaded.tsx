// One thing that was asked for: until it is there, that it is on the way or why it is not.

import type { UseQueryResult } from "@tanstack/react-query";
import { createLink } from "@tanstack/react-router";
import type { ComponentProps, ReactNode } from "react";
import { Loading } from "../app/loading";
import { ProblemNotice } from "./parts";

export function Loaded<T>({ told, children }: { told: UseQueryResult<T>; children: (one: T) => ReactNode }) {
  if (told.data !== undefined) return children(told.data);
  if (told.isPending) return <Loading />;
  return <ProblemNotice error={told.error} retry={() => void told.refetch()} />;
}

function Anchor(props: ComponentProps<"a">) {
  return (
    <a {...props} className="crumb">
      {props.children}
    </a>
  );
}

/** The way back, above the title of a page. */
export const Crumb = createLink(Anchor);
