import { architectureSchema, type Architecture } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";

/** Bounds every number of a description before anything is allocated from it. */
export function checkArchitecture(file: string, value: unknown): Architecture {
  const parsed = architectureSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join(".") ?? "";
    throw new LexiscopeError("bad_file", `${file} describes an impossible model: ${field}: ${issue?.message ?? "invalid"}`, {
      file,
      field,
      hint: "the file is damaged, or no such model was ever made",
    });
  }
  const { heads, kvHeads, headWidth, positions } = parsed.data;
  if (heads % kvHeads !== 0)
    throw new LexiscopeError("bad_file", `${file}: ${heads} heads cannot share ${kvHeads} key-value heads`, { file, field: "kvHeads" });
  if (headWidth % 2 !== 0)
    throw new LexiscopeError("bad_file", `${file}: rotary positions need heads of even width, not ${headWidth}`, {
      file,
      field: "headWidth",
    });
  if (positions.divisors && positions.divisors.length !== positions.width / 2)
    throw new LexiscopeError("bad_file", `${file}: ${positions.divisors.length} rotary divisors; ${positions.width / 2} are needed`, {
      file,
      field: "positions.divisors",
    });
  return parsed.data;
}
