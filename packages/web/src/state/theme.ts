import { stored, type Stored } from "./stored.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

export const theme: Stored = stored("theme");

export function parseTheme(value: string | null): Theme {
  return value === "light" || value === "dark" ? value : "system";
}

/** Writes the theme (when given) and shows it: `data-theme` on the root element, absent for the system's own. */
export function applyTheme(value: Theme = parseTheme(theme.read())): void {
  theme.write(value === "system" ? null : value);
  if (value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = value;
}
