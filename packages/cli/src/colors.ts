import { styleText } from "node:util";

/** Colours for a terminal; without one every function gives its text back. */
export interface Colors {
  enabled: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
  /** A background whose depth grows with `strength` in 0…1; for tokens under a feature. */
  shade(text: string, strength: number): string;
}

/** Whether a stream wants colours: a terminal, and neither NO_COLOR nor TERM=dumb. */
export function wantsColors(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(stream.isTTY) && !env["NO_COLOR"] && stream.hasColors(env);
}

export function createColors(enabled: boolean): Colors {
  const style =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      enabled ? styleText(format, text, { validateStream: false }) : text;
  return {
    enabled,
    bold: style("bold"),
    dim: style("dim"),
    red: style("red"),
    green: style("green"),
    yellow: style("yellow"),
    cyan: style("cyan"),
    shade: (text, strength) =>
      enabled && strength > 0
        ? `\x1b[48;5;${shades[Math.min(shades.length - 1, Math.floor(strength * shades.length))] ?? 0};38;5;16m${text}\x1b[0m`
        : text,
  };
}

/** Pale yellow to deep orange in the 256-colour palette. */
const shades = [230, 229, 228, 222, 221, 215, 214, 208];
