// The colours of the style sheet for what is drawn outside of it.

export interface Palette {
  soft: string;
  line: string;
  wash: string;
  panel: string;
  arms: string[];
}

/** The present colours; the scheme is asked for so that a chart is drawn anew when it changes. */
export function palette(_scheme: "light" | "dark"): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    soft: colour("--soft"),
    line: colour("--line"),
    wash: colour("--wash"),
    panel: colour("--panel"),
    arms: [0, 1, 2, 3, 4, 5].map((place) => colour(`--arm-${place}`)),
  };
}
