import { LexiscopeError } from "@lexiscope/core";

/** `notes/=3` → { ref: "notes/", weight: 3 }. */
export function weighted(text: string): { ref: string; weight?: number } {
  const [, ref, weight] = /^(.+)=([^=/\\]*)$/.exec(text) ?? [];
  if (ref === undefined || weight === undefined) return { ref: text };
  const value = Number(weight);
  if (weight === "" || !(value > 0 && Number.isFinite(value))) {
    throw new LexiscopeError("invalid_input", `--text ${text}: ${JSON.stringify(weight)} is not a positive weight`, {
      field: "--text",
      hint: "write REF=WEIGHT such as notes/=3",
    });
  }
  return { ref, weight: value };
}
