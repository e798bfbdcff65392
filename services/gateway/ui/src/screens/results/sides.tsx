// Where an arm is: its simulation, its colour, and the people in it. Every mark of the results leads to people.

import { VisuallyHidden } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Search } from "../../app/router";
import { Swatch } from "../../components/parts";
import { words } from "../../format/format";

export interface Side {
  simulation: string;
  arm: string;
  place: number;
  /** What it is called where arms of several simulations stand beside each other. */
  name?: string;
}

export type SideOf = (arm: string) => Side;

export function sidesOf(simulation: string, arms: string[]): SideOf {
  return (arm) => ({ simulation, arm, place: Math.max(0, arms.indexOf(arm)) });
}

export function PeopleLink(props: {
  side: Side;
  filter?: Search;
  children: ReactNode;
  className?: string;
  /** Instead of what is to be seen, where that is a picture. */
  label?: string;
  /** What those who do not see where it stands have to be told besides. */
  besides?: string;
  /** Of its letters, where that says something. */
  size?: string;
  /** The same link stands elsewhere for the keyboard. */
  isSilent?: boolean;
}) {
  const { side, filter } = props;
  const arm = side.arm === "all" ? undefined : side.arm;
  return (
    <Link
      to="/simulations/$id"
      params={{ id: side.simulation }}
      search={{ tab: "people", arm, ...filter }}
      className={props.className ?? "plain-link"}
      {...(props.label ? { "aria-label": props.label } : {})}
      {...(props.size ? { style: { fontSize: props.size } } : {})}
      {...(props.isSilent ? { tabIndex: -1 } : {})}
    >
      {props.children}
      {props.besides ? <VisuallyHidden>{` ${props.besides}`}</VisuallyHidden> : null}
    </Link>
  );
}

export function ArmName({ side }: { side: Side }) {
  return (
    <PeopleLink side={side}>
      <Swatch arm={side.place} /> {side.name ?? words(side.arm)}
    </PeopleLink>
  );
}
