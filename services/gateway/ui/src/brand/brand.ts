// The white label: name, logo and colours from brand.json, which the gateway serves and an operator may replace.

import { createTheme, type MantineColorsTuple, type MantineThemeOverride } from "@mantine/core";
import { BLACK, hex, mix, parse, type Rgb, readable, WHITE } from "./colour";

export interface Brand {
  name: string;
  logo: string;
  primary: string;
  primary_dark: string;
}

const FALLBACK: Brand = { name: "Rehearsal", logo: "/ui/icon.svg", primary: "#4338ca", primary_dark: "#a5a0ff" };
const LIGHT: Rgb[] = [WHITE, [240, 239, 234], [236, 234, 253]];
const DARK: Rgb[] = [
  [36, 35, 45],
  [41, 38, 74],
];

/** Reads brand.json. A brand that is missing or odd is no reason to show nothing. */
export async function loadBrand(): Promise<Brand> {
  try {
    const answer = await fetch("/ui/brand.json");
    const told: unknown = answer.ok ? await answer.json() : {};
    return completed(told as Partial<Brand>);
  } catch {
    return FALLBACK;
  }
}

function completed(told: Partial<Brand>): Brand {
  const text = (name: keyof Brand) => (typeof told[name] === "string" && told[name] ? told[name] : FALLBACK[name]);
  const logo = text("logo");
  return {
    name: text("name"),
    logo: logo.startsWith("/") || logo.startsWith("data:image/") ? logo : FALLBACK.logo,
    primary: parse(text("primary")) ? text("primary") : FALLBACK.primary,
    primary_dark: parse(text("primary_dark")) ? text("primary_dark") : FALLBACK.primary_dark,
  };
}

/** Ten shades; 6 is filled on light pages, 5 on dark ones, both below white text; 4 is the text on dark pages. */
function shades(brand: Brand): MantineColorsTuple {
  const light = readable(parse(brand.primary) ?? BLACK, LIGHT, BLACK);
  const dark = readable(parse(brand.primary_dark) ?? WHITE, DARK, WHITE);
  const tints = [0.92, 0.84, 0.68].map((share) => hex(mix(light, WHITE, share)));
  return [
    tints[0] ?? "",
    tints[1] ?? "",
    tints[2] ?? "",
    hex(mix(dark, WHITE, 0.3)),
    hex(dark),
    hex(readable(mix(light, WHITE, 0.2), [WHITE], BLACK)),
    hex(light),
    hex(mix(light, BLACK, 0.14)),
    hex(mix(light, BLACK, 0.28)),
    hex(mix(light, BLACK, 0.45)),
  ];
}

export function themeOf(brand: Brand): MantineThemeOverride {
  return createTheme({
    colors: {
      brand: shades(brand),
      dark: [
        "#edecf2",
        "#bdbbc8",
        "#a5a3b1",
        "#6a6874",
        "#45434f",
        "#2d2c37",
        "#24232d",
        "#1b1a22",
        "#131218",
        "#0d0c11",
      ],
    },
    primaryColor: "brand",
    primaryShade: { light: 6, dark: 5 },
    defaultRadius: "md",
    cursorType: "pointer",
    fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
    fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
    headings: { fontWeight: "680" },
  });
}
