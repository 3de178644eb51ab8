import { editTextHelp, formatEditText, formatPositionsText, parseEditText } from "@lexiscope/contract/edit-text";
import { LexiscopeError } from "@lexiscope/core";
import type { AnyEdit, Edit } from "./types.ts";

/** Reads an edit as a person writes it: `op:feature=value[unit][@positions]`, see the contract's edit-text.ts. */
export function parseEdit(text: string): Edit {
  const result = parseEditText(text);
  if (result.ok) return result.edit;
  throw new LexiscopeError("invalid_input", `edit ${JSON.stringify(text)}: ${result.problem}`, {
    field: "edit",
    hint: `write ${editTextHelp}`,
  });
}

/** Whether an edit is one of a feature; the others bring a vector of their own. */
export function isFeatureEdit(edit: AnyEdit): edit is Edit {
  return "feature" in edit;
}

/** The text that {@link parseEdit} reads back as the same edit. An edit along a vector has a name only. */
export function formatEdit(edit: AnyEdit): string {
  if (isFeatureEdit(edit)) return formatEditText(edit);
  const { op, site, value, unit, positions } = edit;
  return `${op}:vector at ${site}=${value}${unit === "norm" ? "n" : ""}${formatPositionsText(positions)}`;
}
