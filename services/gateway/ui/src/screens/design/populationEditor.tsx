// Whom the study is about: how many, drawn from what, and who of them may be drawn at all.

import { Button, Chip, NumberInput, RangeSlider, Slider, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "../../api/client";
import { templates } from "../../api/designQueries";
import type { Study } from "../../api/studies";
import { Choice } from "../../components/choice";
import { change, type Screen } from "../../design/draft";
import { segmentsOf, setPopulation } from "../../design/edits";
import { count, number, percent, title } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";
import { MarginsEditor } from "./marginsEditor";

const SIZES = [10, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
const AGES: [number, number] = [18, 90];
const FIRST = ["income_band", "region", "area_type", "gender", "education"];

export function TemplateEditor({ study }: { study: Study }) {
  const known = useQuery(templates);
  const chosen = known.data?.items.find((one) => one.name === study.population.demographic_base);
  return (
    <Stack gap="sm">
      <Choice
        label={text.design.template}
        options={(known.data?.items ?? []).map((one) => ({ value: one.name, label: one.title }))}
        value={study.population.demographic_base}
        choose={(name) => change(setPopulation({ demographic_base: name ?? "", eligibility: null }))}
      />
      {chosen ? (
        <>
          <Text size="sm">{chosen.universe}</Text>
          <Text size="sm" className="muted">
            {chosen.note}
          </Text>
          <Text size="sm" className="muted">
            {Object.keys(chosen.dimensions).map(title).join(" · ")}
          </Text>
        </>
      ) : null}
    </Stack>
  );
}

export function PopulationEditor({ study }: { study: Study }) {
  const { population } = study;
  const used = segmentsOf(study).reduce((sum, one) => sum + one.size, 0);
  return (
    <Stack gap="md">
      <TextInput
        label={text.design.name}
        value={population.name}
        onChange={(event) => change(setPopulation({ name: event.currentTarget.value }))}
      />
      <div>
        <SizeInput
          label={text.design.size}
          value={population.size}
          choose={(size) => change(setPopulation({ size }))}
        />
        <Text className="fine" mt={6}>
          {designing.marginOfError(number(100 * marginOfError(population.size)))}
        </Text>
      </div>
      <SegmentBar study={study} used={used} />
      <Eligibility study={study} />
      <Margins study={study} />
    </Stack>
  );
}

/** Of a share, at 95 %, where it is widest; drawing to margins only makes it narrower. */
const marginOfError = (people: number): number => 1.96 * Math.sqrt(0.25 / Math.max(1, people));

function Margins({ study }: { study: Study }) {
  const known = useQuery(templates);
  const template = known.data?.items.find((one) => one.name === study.population.demographic_base);
  return template ? <MarginsEditor study={study} dimensions={template.dimensions} /> : null;
}

export function SizeInput(props: { label: string; value: number; choose: (size: number) => void; most?: number }) {
  const sizes = props.most ? SIZES.filter((size) => size <= (props.most ?? 0)) : SIZES;
  const place = sizes.findLastIndex((size) => size <= props.value);
  return (
    <div>
      <NumberInput
        label={props.label}
        min={1}
        max={100_000}
        value={props.value}
        thousandSeparator=","
        onChange={(size) => (typeof size === "number" && size >= 1 ? props.choose(Math.round(size)) : undefined)}
      />
      <Slider
        aria-label={props.label}
        thumbLabel={props.label}
        mt={8}
        min={0}
        max={Math.max(1, sizes.length - 1)}
        value={Math.max(0, place)}
        label={(at) => count(sizes[at])}
        onChange={(at) => props.choose(sizes[at] ?? props.value)}
      />
    </div>
  );
}

/** How the people are shared out among the segments. */
function SegmentBar({ study, used }: { study: Study; used: number }) {
  const { size } = study.population;
  const segments = segmentsOf(study);
  if (!segments.length) return <Text className="fine">{text.design.noSegments}</Text>;
  const all = Math.max(size, used);
  return (
    <div>
      <div className="tones" aria-hidden="true">
        {segments.map((one, index) => (
          <span key={one.name} className={`tone arm-${index % 6}`} style={{ width: `${(one.size / all) * 100}%` }} />
        ))}
      </div>
      <ul className="legend">
        {segments.map((one, index) => (
          <li key={one.name}>
            <span className={`swatch arm-${index % 6}`} aria-hidden="true" /> {title(one.name)}{" "}
            <strong>{count(one.size)}</strong>
          </li>
        ))}
        {used < size ? (
          <li>
            {text.results.rest} <strong>{count(size - used)}</strong>
          </li>
        ) : null}
      </ul>
    </div>
  );
}

function Eligibility({ study }: { study: Study }) {
  const known = useQuery(templates);
  const [isWhole, showWhole] = useState(false);
  const template = known.data?.items.find((one) => one.name === study.population.demographic_base);
  const told = study.population.eligibility as Screen | string | null | undefined;
  if (typeof told === "string") {
    return (
      <TextInput
        label={text.design.eligibility}
        value={told}
        onChange={(event) => change(setPopulation({ eligibility: event.currentTarget.value || null }))}
      />
    );
  }
  const screen = told ?? null;
  const set = (part: Partial<Screen>) => change(setPopulation({ eligibility: tidied({ ...screen, ...part }) }));
  const names = Object.keys(template?.dimensions ?? {}).filter((name) => name !== "age_band");
  const shown = isWhole ? names : names.filter((name) => FIRST.includes(name) || screen?.values?.[name]);
  return (
    <Stack gap="md">
      <Text fw={620} size="sm">
        {text.design.eligibility}
      </Text>
      <AgeSlider screen={screen} set={set} />
      {shown.map((name) => {
        const dimension = template?.dimensions[name];
        return dimension ? (
          <DimensionInput key={name} name={name} dimension={dimension} screen={screen} set={set} />
        ) : null;
      })}
      {names.length > shown.length || isWhole ? (
        <Button variant="subtle" size="compact-sm" w="fit-content" onClick={() => showWhole(!isWhole)}>
          {isWhole ? text.results.fewer : text.design.moreTraits(names.length - shown.length)}
        </Button>
      ) : null}
    </Stack>
  );
}

function tidied(screen: Partial<Screen>): Screen | null {
  const values = Object.fromEntries(Object.entries(screen.values ?? {}).filter(([, allowed]) => allowed.length));
  const isEmpty =
    !Object.keys(values).length && screen.minimum_age == null && screen.maximum_age == null && !screen.text;
  return isEmpty ? null : ({ ...screen, values } as Screen);
}

type Set = (part: Partial<Screen>) => void;

function AgeSlider({ screen, set }: { screen: Screen | null; set: Set }) {
  const value: [number, number] = [screen?.minimum_age ?? AGES[0], screen?.maximum_age ?? AGES[1]];
  return (
    <div>
      <Text size="sm">{`${text.design.age}: ${value[0]}–${value[1] === AGES[1] ? `${AGES[1]}+` : value[1]}`}</Text>
      <RangeSlider
        min={AGES[0]}
        max={AGES[1]}
        minRange={1}
        value={value}
        thumbFromLabel={text.design.youngest}
        thumbToLabel={text.design.oldest}
        onChange={([low, high]) =>
          set({ minimum_age: low === AGES[0] ? null : low, maximum_age: high === AGES[1] ? null : high })
        }
      />
    </div>
  );
}

function DimensionInput(props: { name: string; dimension: Schema["Dimension"]; screen: Screen | null; set: Set }) {
  const { name, dimension, screen, set } = props;
  const values = Object.keys(dimension.shares ?? {});
  const allowed = screen?.values?.[name] ?? [];
  const choose = (chosen: string[]) =>
    set({ values: { ...screen?.values, [name]: chosen.length === values.length ? [] : chosen } });
  const share = (value: string) => Number((dimension.shares as Record<string, number>)[value] ?? 0);
  if (dimension.ordered && values.length > 2) {
    const places = allowed.map((one) => values.indexOf(one)).filter((one) => one >= 0);
    const range: [number, number] = places.length ? [Math.min(...places), Math.max(...places)] : [0, values.length - 1];
    const covered = values.slice(range[0], range[1] + 1).reduce((sum, one) => sum + share(one), 0);
    return (
      <div>
        <Text size="sm">{`${title(name)}: ${values[range[0]]} – ${values[range[1]]}`}</Text>
        <RangeSlider
          min={0}
          max={values.length - 1}
          minRange={0}
          value={range}
          label={null}
          thumbFromLabel={`${title(name)}, ${text.design.lowest}`}
          thumbToLabel={`${title(name)}, ${text.design.highest}`}
          onChange={([low, high]) => choose(values.slice(low, high + 1))}
        />
        <Text className="fine">{text.design.covers(percent(covered, 0))}</Text>
      </div>
    );
  }
  return (
    <div>
      <Text size="sm" mb={6} id={`dimension-${name}`}>
        {title(name)}
      </Text>
      <Chip.Group multiple value={allowed} onChange={choose}>
        <fieldset className="chips" aria-labelledby={`dimension-${name}`}>
          {values.map((value) => (
            <Chip key={value} value={value} size="xs">
              {value}
            </Chip>
          ))}
        </fieldset>
      </Chip.Group>
    </div>
  );
}
