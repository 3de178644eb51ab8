import type { FeatureCollection } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type Database from "better-sqlite3";
import { checkFeature, checkListId, checkMembers, cleanText, listName } from "./overlay-check.ts";
import type { ListChange } from "./overlay-types.ts";

/** Members written before others are served: a few ms. */
const stepRows = 2000;

/** The list or undefined. Errors: `not_found` for what cannot be an id. */
export function readList(db: Database.Database, identity: string, id: string): FeatureCollection | undefined {
  const row = db.prepare("SELECT id, name, note, updated FROM lists WHERE dictionary = ? AND id = ?").get(identity, checkListId(id));
  if (row === undefined) return undefined;
  const members = db.prepare("SELECT feature FROM members WHERE dictionary = ? AND list = ? ORDER BY position").pluck().all(identity, id);
  return { ...(row as Omit<FeatureCollection, "features">), features: members as number[] };
}

/** By name. */
export function readLists(db: Database.Database, identity: string): FeatureCollection[] {
  const ids = db.prepare("SELECT id FROM lists WHERE dictionary = ? ORDER BY name, id").pluck().all(identity) as string[];
  return ids.flatMap((id) => readList(db, identity, id) ?? []);
}

/** The lists that hold a feature, by name. */
export function readListsWith(db: Database.Database, identity: string, feature: number): { id: string; name: string }[] {
  const sql = `SELECT id, name FROM members JOIN lists ON lists.dictionary = members.dictionary AND lists.id = members.list
    WHERE members.dictionary = ? AND feature = ? ORDER BY name, id`;
  return db.prepare(sql).all(identity, feature) as { id: string; name: string }[];
}

export function putList(db: Database.Database, identity: string, list: FeatureCollection): void {
  for (const _ of putListSteps(db, identity, list));
}

/** Writes a list in place of what is there. Yields where others may be served. */
export function* putListSteps(db: Database.Database, identity: string, list: FeatureCollection): Generator<void, void> {
  putHead(db, identity, list);
  const remove = db.prepare(
    `DELETE FROM members WHERE dictionary = ? AND list = ? AND feature IN
     (SELECT feature FROM members WHERE dictionary = ? AND list = ? LIMIT ${stepRows})`,
  );
  while (remove.run(identity, list.id, identity, list.id).changes > 0) yield;
  const add = db.prepare("INSERT INTO members VALUES (?, ?, ?, ?)");
  for (const [position, feature] of list.features.entries()) {
    add.run(identity, list.id, feature, position);
    if (position % stepRows === stepRows - 1) yield;
  }
}

/** All but the members. */
function putHead(db: Database.Database, identity: string, { id, name, note, updated }: FeatureCollection): void {
  db.prepare("INSERT OR REPLACE INTO lists VALUES (?, ?, ?, ?, ?)").run(identity, id, name, note, updated);
}

/** Whether there was one. */
export function dropList(db: Database.Database, identity: string, id: string): boolean {
  db.prepare("DELETE FROM members WHERE dictionary = ? AND list = ?").run(identity, id);
  return db.prepare("DELETE FROM lists WHERE dictionary = ? AND id = ?").run(identity, id).changes > 0;
}

/** A change of a list, checked before anything is written. `features`: of the atlas, where it is known. */
export function checkChange({ name, note, features: members, remove, add }: ListChange, features: number | undefined): ListChange {
  return {
    name: name === undefined ? undefined : listName(name),
    note: note === undefined ? undefined : cleanText("note", note),
    features: members && checkMembers(members, features),
    remove,
    add: add?.map((feature) => checkFeature(feature, features)),
  };
}

/** Makes a checked change, within a transaction. */
export function applyChange(
  db: Database.Database,
  identity: string,
  list: FeatureCollection,
  { name = list.name, note = list.note, features, remove, add, updated }: ListChange & { updated: string },
): FeatureCollection {
  const gone = new Set(remove);
  const members = [...(features ?? list.features).filter((feature) => !gone.has(feature)), ...(add ?? [])];
  const changed = { ...list, name, note, features: checkMembers(members, undefined), updated };
  if (features ?? remove ?? add) putList(db, identity, changed);
  else putHead(db, identity, changed);
  return changed;
}

export function noList(id: string): LexiscopeError {
  return new LexiscopeError("not_found", `there is no list ${JSON.stringify(id)}`, { field: "list", hint: "it may have been deleted" });
}
