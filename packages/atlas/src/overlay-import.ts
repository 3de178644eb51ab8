import { setImmediate as nextTurn } from "node:timers/promises";
import { type FeatureCollection, type Label, type OverlayExport, labelSchema, listSchema, overlayExportSchema } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type Database from "better-sqlite3";
import type { ZodError, ZodType } from "zod";
import { foldText, isFeature, listName, wellFormed } from "./overlay-check.ts";
import { putListSteps } from "./overlay-lists.ts";
import { overlayLimits, type ImportCounts } from "./overlay-types.ts";

/** Labels judged or written, rows removed, before others are served: a few ms. */
const stepRows = 1000;

/** What an export gives an atlas: each feature and each list once. */
export interface ImportPlan {
  labels: Label[];
  lists: FeatureCollection[];
  skipped: number;
}

export interface ImportInto {
  /** The dictionary's, to which it goes. */
  identity: string;
  /** Of the atlas, where it is known. */
  features: number | undefined;
  /** Takes one that was made for another dictionary. */
  force: boolean;
}

/**
 * Judges an export, once, a slice at a time, others being served in between; ends at the first fault. Of several labels of a
 * feature, or lists with one id, the newest is kept. Errors: `invalid_input` with the field, `mismatch`.
 */
export async function planImport(json: unknown, { identity, features, force }: ImportInto): Promise<ImportPlan> {
  const { labels, lists } = readHead(json, identity, force);
  const [newestLabels, newestLists] = [new Map<number, Label>(), new Map<string, FeatureCollection>()];
  for (const [i, item] of labels.entries()) {
    const label = parsed(labelSchema, item, `labels.${i}`);
    const [name, note] = [wellFormed(`labels.${i}.name`, label.name.trim()), wellFormed(`labels.${i}.note`, label.note.trim())];
    if ((name !== "" || note !== "") && isFeature(label.feature, features))
      keepNewest(newestLabels, label.feature, { ...label, name, note });
    if (i % stepRows === stepRows - 1) await nextTurn();
  }
  for (const [i, item] of lists.entries()) {
    const list = parsed(listSchema, item, `lists.${i}`);
    const note = wellFormed(`lists.${i}.note`, list.note.trim());
    const members = [...new Set(list.features)].filter((feature) => isFeature(feature, features));
    keepNewest(newestLists, list.id, { ...list, name: listName(list.name), note, features: members });
    await nextTurn();
  }
  const skipped = labels.length - newestLabels.size + lists.length - newestLists.size;
  return { labels: [...newestLabels.values()], lists: [...newestLists.values()], skipped };
}

/** All but the labels and lists themselves, which may be hundreds of thousands. */
function readHead(json: unknown, identity: string, force: boolean): { labels: unknown[]; lists: unknown[] } {
  const given: Partial<Record<keyof OverlayExport, unknown>> = typeof json === "object" && json !== null ? json : {};
  const head = parsed(overlayExportSchema, { ...given, labels: [], lists: [] }, "");
  if (head.dictionary !== identity && !force)
    throw new LexiscopeError("mismatch", `these labels were made for another dictionary (of the atlas ${JSON.stringify(head.atlas)})`, {
      field: "dictionary",
      hint: "its numbers mean other features: open the atlas that it was made for, or force it if you know that they are the same",
    });
  return { labels: items(given.labels, "labels"), lists: items(given.lists, "lists") };
}

function items(value: unknown, field: "labels" | "lists"): unknown[] {
  if (!Array.isArray(value)) throw noExport(field, "an array belongs here");
  if (value.length > overlayLimits[field]) throw noExport(field, `there are at most ${overlayLimits[field]}`);
  return value;
}

function parsed<T>(schema: ZodType<T>, value: unknown, place: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error);
  throw noExport([place, ...path].filter((part) => part !== "").join("."), message);
}

function firstIssue(error: ZodError): { path: string[]; message: string } {
  const [issue] = error.issues;
  return { path: issue?.path.map(String) ?? [], message: issue?.message ?? "is wrong" };
}

function noExport(place: string, message: string): LexiscopeError {
  const field = place === "" ? "body" : clipped(place);
  return new LexiscopeError("invalid_input", `this is no export of labels: ${field}: ${clipped(message)}`, {
    field,
    hint: "give a file that Lexiscope exported",
  });
}

/** A message names keys that are not known, of which there may be millions. */
function clipped(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300).toWellFormed()}…`;
}

function keepNewest<K, V extends { updated: string }>(newest: Map<K, V>, key: K, item: V): void {
  const known = newest.get(key);
  if (!known || item.updated > known.updated) newest.set(key, item);
}

/** Writes what was planned, within a transaction. Yields where others may be served. */
export function* importSteps(
  db: Database.Database,
  identity: string,
  plan: ImportPlan,
  mode: "merge" | "replace",
): Generator<void, ImportCounts> {
  if (mode === "replace") yield* clear(db, identity);
  const counts: ImportCounts = { labels: 0, lists: 0, skipped: plan.skipped };
  const put = db.prepare(
    `INSERT INTO labels VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (dictionary, feature) DO UPDATE
     SET name = excluded.name, note = excluded.note, updated = excluded.updated, folded = excluded.folded
     WHERE excluded.updated > labels.updated`,
  );
  for (const [i, { feature, name, note, updated }] of plan.labels.entries()) {
    const { changes } = put.run(identity, feature, name, note, updated, foldText(`${name}\n${note}`));
    counts[changes === 0 ? "skipped" : "labels"]++;
    if (i % stepRows === stepRows - 1) yield;
  }
  const known = db.prepare("SELECT updated FROM lists WHERE dictionary = ? AND id = ?").pluck();
  for (const list of plan.lists) {
    const there = known.get(identity, list.id) as string | undefined;
    const older = there !== undefined && there >= list.updated;
    if (!older) yield* putListSteps(db, identity, list);
    counts[older ? "skipped" : "lists"]++;
    yield;
  }
  return counts;
}

function* clear(db: Database.Database, identity: string): Generator<void, void> {
  for (const [table, key] of [
    ["labels", "feature"],
    ["members", "list, feature"],
    ["lists", "id"],
  ] as const) {
    const some = db.prepare(
      `DELETE FROM ${table} WHERE dictionary = ? AND (${key}) IN (SELECT ${key} FROM ${table} WHERE dictionary = ? LIMIT ${stepRows})`,
    );
    while (some.run(identity, identity).changes > 0) yield;
  }
}
