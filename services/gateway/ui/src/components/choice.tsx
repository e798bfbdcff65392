// One of a few, chosen in the way of the device; an empty choice means all of them.

import { NativeSelect, type NativeSelectProps } from "@mantine/core";

interface Props extends Omit<NativeSelectProps, "data" | "onChange" | "value"> {
  value: string | null | undefined;
  options: { value: string; label: string }[];
  /** What no choice is called; without it there is always one. */
  none?: string;
  choose: (value: string | undefined) => void;
}

export function Choice({ value, options, none, choose, ...others }: Props) {
  return (
    <NativeSelect
      {...others}
      value={value ?? ""}
      data={none === undefined ? options : [{ value: "", label: none }, ...options]}
      onChange={(event) => choose(event.currentTarget.value || undefined)}
    />
  );
}
