// Colours of a brand, made readable: sRGB mixing and the contrast of WCAG 2.2. A brand may name any colour; what is
// shown has a contrast of 4.5 or more against the surface it stands on, whatever was named.

export type Rgb = readonly [number, number, number];

export const WHITE: Rgb = [255, 255, 255];
export const BLACK: Rgb = [0, 0, 0];

export function parse(colour: string): Rgb | null {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(colour);
  const digits = short ? short.slice(1).map((one) => one + one) : /^#(..)(..)(..)$/.exec(colour)?.slice(1);
  const values = digits?.map((one) => Number.parseInt(one, 16));
  if (!values || values.some(Number.isNaN)) return null;
  return values as unknown as Rgb;
}

export const hex = (colour: Rgb): string =>
  `#${colour.map((one) => Math.round(one).toString(16).padStart(2, "0")).join("")}`;

export const mix = (from: Rgb, to: Rgb, share: number): Rgb =>
  from.map((one, index) => one + ((to[index] ?? 0) - one) * share) as unknown as Rgb;

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((one) => {
    const share = one / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(one: Rgb, other: Rgb): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** The colour, moved towards black or white until it can be read on every one of the surfaces. */
export function readable(colour: Rgb, surfaces: readonly Rgb[], towards: Rgb, wanted = 4.6): Rgb {
  for (let share = 0; share < 1; share += 0.02) {
    const tried = mix(colour, towards, share);
    if (surfaces.every((surface) => contrast(tried, surface) >= wanted)) return tried;
  }
  return towards;
}
