import { LexiscopeError } from "@lexiscope/core";

const suffixes: Record<string, number> = { k: 1e3, m: 1e6, g: 1e9 };

/** Reads a whole number such as `4096`, `4_096`, `300k`, `1.5M`. For commander's option parsers. */
export function count(
  field: string,
  { min = 1, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): (text: string) => number {
  return (text) => {
    const match = /^(-?\d[\d_,]*(?:\.\d+)?)([kmg])?$/i.exec(text.trim());
    const value = match ? Number((match[1] ?? "").replaceAll(/[_,]/g, "")) * (suffixes[(match[2] ?? "").toLowerCase()] ?? 1) : Number.NaN;
    const rounded = Math.round(value);
    if (!Number.isFinite(value) || Math.abs(rounded - value) > 1e-6 || rounded < min || rounded > max)
      throw wrong(
        field,
        text,
        `a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? " on" : ` to ${max}`}, such as ${Math.max(min, 4096) <= max ? "4096 or 300k" : min}`,
      );
    return rounded;
  };
}

/** Reads a number within limits. */
export function real(field: string, { min = -Infinity, max = Infinity }: { min?: number; max?: number } = {}): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!Number.isFinite(value) || value < min || value > max) throw wrong(field, text, `a number from ${min} to ${max}`);
    return value;
  };
}

/** Reads one of a few words. */
export function oneOf<const T extends string>(field: string, words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((w) => w === text);
    if (word === undefined) throw wrong(field, text, `one of ${words.join(", ")}`);
    return word;
  };
}

/** Collects an option that may be given several times. */
export function several(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

function wrong(field: string, text: string, wanted: string): LexiscopeError {
  return new LexiscopeError("invalid_input", `${field} ${JSON.stringify(text)} is not ${wanted}`, { field, hint: `give ${wanted}` });
}
