// How long something waits on the simulated clock: not at all, or so many minutes, hours or days.

import { Group, Input, NumberInput, SegmentedControl, TextInput } from "@mantine/core";
import { isoOf, minutesOf, UNITS, type Unit, unitOf } from "../design/waits";
import { text } from "../text/text";

const MOST_DAYS = 3_650;
const NAMES = ["now", "minutes", "hours", "days"] as const;

export function Wait({
  label,
  value,
  set,
}: {
  label: string;
  value: string | null | undefined;
  set: (iso: string) => void;
}) {
  const minutes = minutesOf(value);
  if (minutes === null || !Number.isInteger(minutes)) {
    return <TextInput label={label} value={value ?? ""} onChange={(event) => set(event.currentTarget.value)} />;
  }
  const unit = minutes ? unitOf(minutes) : "now";
  const write = (amount: number, to: (typeof NAMES)[number]) => set(to === "now" ? "PT0S" : isoOf(amount, to));
  const amount = minutes / UNITS[(unit === "now" ? "days" : unit) as Unit];
  return (
    <Input.Wrapper label={label} labelElement="div">
      <Group gap="sm">
        <SegmentedControl
          size="xs"
          aria-label={label}
          data={NAMES.filter((name) => name !== "minutes" || unit === name).map((name) => ({
            value: name,
            label: text.design.waits[name],
          }))}
          value={unit}
          onChange={(to) => write(amount || 1, NAMES.find((name) => name === to) ?? "now")}
        />
        {unit === "now" ? null : (
          <NumberInput
            aria-label={`${label}: ${text.design.waits[unit]}`}
            size="xs"
            w={92}
            min={1}
            max={(MOST_DAYS * UNITS.days) / UNITS[unit]}
            allowDecimal={false}
            clampBehavior="strict"
            value={amount}
            onChange={(next) => (typeof next === "number" && next >= 1 ? write(next, unit) : undefined)}
          />
        )}
      </Group>
    </Input.Wrapper>
  );
}
