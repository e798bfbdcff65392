// Margins of one's own: shares of a trait that replace the template's, with where they come from.

import { Button, Group, NumberInput, Paper, Stack, Text, TextInput } from "@mantine/core";
import type { Schema } from "../../api/client";
import type { Study } from "../../api/studies";
import { Choice } from "../../components/choice";
import { change, type Margin } from "../../design/draft";
import { marginsOf, setMargin, totalOf } from "../../design/edits";
import { percent, title } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";

type Dimensions = Record<string, Schema["Dimension"]>;

export function MarginsEditor({ study, dimensions }: { study: Study; dimensions: Dimensions }) {
  const margins = marginsOf(study);
  const free = Object.keys(dimensions).filter((name) => !(name in margins));
  const begin = (name: string) => {
    const { shares, source, year } = dimensions[name] ?? {};
    const given = { shares: rounded(shares as Record<string, number>), source: source ?? "", year: year ?? 2020 };
    change(setMargin(name, given as Margin));
  };
  return (
    <Stack gap="sm">
      <Text fw={620} size="sm">
        {designing.margins}
      </Text>
      <Text className="fine">{designing.marginsNote}</Text>
      {Object.entries(margins).map(([name, margin]) => (
        <OneMargin key={name} name={name} margin={margin} />
      ))}
      {free.length ? (
        <Choice
          label={designing.addMargin}
          none={designing.none}
          options={free.map((value) => ({ value, label: title(value) }))}
          value={undefined}
          choose={(name) => name && begin(name)}
        />
      ) : null}
    </Stack>
  );
}

function OneMargin({ name, margin }: { name: string; margin: Margin }) {
  const set = (part: Partial<Margin>) => change(setMargin(name, { ...margin, ...part }));
  const shares = margin.shares as Record<string, number>;
  const total = totalOf(margin);
  return (
    <Paper className="question" component="section" aria-label={title(name)}>
      <Text size="sm" fw={600}>
        {title(name)}
      </Text>
      <div className="shares">
        {Object.entries(shares).map(([value, share]) => (
          <NumberInput
            key={value}
            label={value}
            aria-label={designing.share(value)}
            size="xs"
            min={0}
            max={100}
            step={1}
            decimalScale={2}
            suffix=" %"
            value={Math.round(share * 1e4) / 100}
            onChange={(next) => set({ shares: { ...shares, [value]: Math.round(Number(next) * 100) / 1e4 } })}
          />
        ))}
      </div>
      <Group gap="sm" my={8}>
        <Text className="fine">{designing.total(percent(total, 1))}</Text>
        <Button
          variant="subtle"
          size="compact-xs"
          disabled={!total || Math.abs(total - 1) < 1e-9}
          onClick={() => set({ shares: rounded(shares) })}
        >
          {designing.scale}
        </Button>
      </Group>
      <Group grow align="flex-start">
        <TextInput
          label={designing.source}
          value={margin.source}
          onChange={(event) => set({ source: event.currentTarget.value })}
        />
        <NumberInput
          label={designing.year}
          min={1900}
          max={2100}
          value={margin.year}
          onChange={(year) => (typeof year === "number" ? set({ year }) : undefined)}
        />
      </Group>
      <Button variant="subtle" color="red" size="compact-sm" mt={8} onClick={() => change(setMargin(name, null))}>
        {designing.removeMargin}
      </Button>
      {margin.source.trim() ? null : <Text className="fine failed">{designing.noSource(text.design.name)}</Text>}
    </Paper>
  );
}

/** The same shares as whole hundredths of a percent that make 1; what rounding leaves over goes to the greatest. */
function rounded(shares: Record<string, number>): Record<string, number> {
  const total = Object.values(shares).reduce((sum, one) => sum + one, 0) || 1;
  const parts = Object.entries(shares).map(([value, one]): [string, number] => [
    value,
    Math.round((one / total) * 1e4),
  ]);
  const greatest = parts.reduce((best, one) => (one[1] > best[1] ? one : best), parts[0] ?? ["", 0]);
  greatest[1] += 1e4 - parts.reduce((sum, [, one]) => sum + one, 0);
  return Object.fromEntries(parts.map(([value, one]) => [value, one / 1e4]));
}
