import { labelSchema, listSchema, overlayExportSchema, type OverlayExport } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import { overlayLimits } from "./overlay-types.ts";

/** A name or a note as it is kept: checked, line breaks as \n, without space around it. */
export function cleanText(field: "name" | "note", text: string): string {
  const clean = text.replace(/\r\n?/g, "\n").trim();
  const issue = labelSchema.shape[field].safeParse(clean).error?.issues[0];
  // SQLite would keep a lone surrogate as something else.
  if (issue || !clean.isWellFormed())
    throw new LexiscopeError("invalid_input", `the ${field} cannot be kept: ${issue?.message ?? "it is not proper Unicode"}`, { field });
  return clean;
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

export function checkExport(json: unknown): OverlayExport {
  const parsed = overlayExportSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LexiscopeError("bad_file", `this is no export of labels: ${issue?.path.join(".") || "it"}: ${issue?.message ?? "is wrong"}`, {
    field: issue?.path.join(".") ?? "",
    hint: "give a file that Lexiscope exported",
  });
}

/** How texts are compared in a search: without case and accents. */
export function foldText(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
