import { labelSchema, listSchema } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import { overlayLimits } from "./overlay-types.ts";

/** A name or a note as it is kept: checked, line breaks as \n, without space around it. */
export function cleanText(field: "name" | "note", text: string): string {
  const clean = text.replace(/\r\n?/g, "\n").trim();
  const issue = labelSchema.shape[field].safeParse(clean).error?.issues[0];
  if (issue) throw cannotKeep(field, issue.message);
  return wellFormed(field, clean);
}

/** SQLite would keep a lone surrogate as something else. */
export function wellFormed(field: string, text: string): string {
  if (text.isWellFormed()) return text;
  throw cannotKeep(field, "it is not proper Unicode");
}

function cannotKeep(field: string, reason: string): LexiscopeError {
  return new LexiscopeError("invalid_input", `the ${field} cannot be kept: ${reason}`, { field });
}

export function listName(name: string): string {
  const clean = cleanText("name", name);
  if (clean === "") throw new LexiscopeError("invalid_input", "the list has no name", { field: "name" });
  return clean;
}

/** `features` of the atlas, where it is known. */
export function checkFeature(feature: number, features: number | undefined): number {
  if (isFeature(feature, features)) return feature;
  throw new LexiscopeError(
    "not_found",
    `there is no feature ${feature}${features === undefined ? "" : `: the atlas has 0 to ${features - 1}`}`,
    {
      field: "feature",
    },
  );
}

export function isFeature(feature: number, features: number | undefined): boolean {
  return Number.isInteger(feature) && feature >= 0 && feature < (features ?? 2 ** 24);
}

/** Members of a list: checked, each once. */
export function checkMembers(members: readonly number[], features: number | undefined): number[] {
  const once = [...new Set(members)];
  if (once.length > overlayLimits.listFeatures)
    throw new LexiscopeError("invalid_input", `a list holds at most ${overlayLimits.listFeatures} features; these are ${once.length}`, {
      field: "features",
    });
  for (const feature of once) checkFeature(feature, features);
  return once;
}

export function checkListId(id: string): string {
  if (listSchema.shape.id.safeParse(id).success) return id;
  throw new LexiscopeError("not_found", `there is no list ${JSON.stringify(id.slice(0, 80))}`, { field: "list" });
}

/** How texts are compared in a search: without case and accents. */
export function foldText(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
