import { randomUUID } from "node:crypto";
import { basename, resolve } from "node:path";
import type { AtlasManifest, FeatureCollection, Label } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type Database from "better-sqlite3";
import { checkExport, checkFeature, checkListId, checkMembers, cleanText, foldText, isFeature, listName } from "./overlay-check.ts";
import { overlayDatabase } from "./overlay-database.ts";
import { labelTexts } from "./overlay-texts.ts";
import { overlayLimits, type ImportCounts, type Overlay, type OverlayOptions } from "./overlay-types.ts";

/** What labels of an atlas are bound to: the SHA-256 of its dictionary's weights. */
export function atlasIdentity(manifest: Pick<AtlasManifest, "dictionary">): string {
  const weights = manifest.dictionary.files.find(({ file }) => file.endsWith(".safetensors"));
  if (weights) return weights.sha256;
  throw new LexiscopeError("bad_file", "the manifest names no weights file of the dictionary", { field: "dictionary.files" });
}

/** Where the overlay of the atlas at `atlasPath` lies: beside its folder, so that replacing the atlas loses nothing. */
export function overlayPath(atlasPath: string): string {
  return `${resolve(atlasPath)}.labels.sqlite`;
}

/** Opens the overlay of an atlas. No file is made before something is written. */
export function openOverlay(atlasPath: string, identity: string, options: OverlayOptions = {}): Overlay {
  if (!/^[0-9a-f]{64}$/.test(identity))
    throw new LexiscopeError("invalid_input", "the identity of a dictionary is a SHA-256 in hex", { field: "identity" });
  const path = overlayPath(atlasPath);
  const database = overlayDatabase(path);
  const texts = labelTexts(identity);
  const { features, now = (): Date => new Date() } = options;
  const time = (): string => now().toISOString();

  function putLabel(db: Database.Database, { feature, name, note, updated }: Label): void {
    db.prepare("INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?, ?, ?)").run(
      identity,
      feature,
      name,
      note,
      updated,
      foldText(`${name}\n${note}`),
    );
  }

  function putList(db: Database.Database, { id, name, note, features: members, updated }: FeatureCollection): void {
    db.prepare("INSERT OR REPLACE INTO lists VALUES (?, ?, ?, ?, ?)").run(identity, id, name, note, updated);
    db.prepare("DELETE FROM members WHERE dictionary = ? AND list = ?").run(identity, id);
    const add = db.prepare("INSERT INTO members VALUES (?, ?, ?, ?)");
    for (const [position, feature] of members.entries()) add.run(identity, id, feature, position);
  }

  function dropList(db: Database.Database, id: string): boolean {
    db.prepare("DELETE FROM members WHERE dictionary = ? AND list = ?").run(identity, id);
    return db.prepare("DELETE FROM lists WHERE dictionary = ? AND id = ?").run(identity, id).changes > 0;
  }

  const noList = (id: string): LexiscopeError =>
    new LexiscopeError("not_found", `there is no list ${JSON.stringify(id)}`, { field: "list", hint: "it may have been deleted" });

  function readList(db: Database.Database, id: string): FeatureCollection | undefined {
    const row = db.prepare("SELECT id, name, note, updated FROM lists WHERE dictionary = ? AND id = ?").get(identity, checkListId(id));
    if (row === undefined) return undefined;
    const members = db.prepare("SELECT feature FROM members WHERE dictionary = ? AND list = ? ORDER BY position").pluck().all(identity, id);
    return { ...(row as Omit<FeatureCollection, "features">), features: members as number[] };
  }

  function changeList(id: string, change: (list: FeatureCollection) => Partial<FeatureCollection>): FeatureCollection {
    return database.write((db) => {
      const list = readList(db, id);
      if (!list) throw noList(id);
      const changed = { ...list, ...change(list), updated: time() };
      putList(db, { ...changed, features: checkMembers(changed.features, undefined) });
      return changed;
    });
  }

  function count(db: Database.Database, table: "labels" | "lists", operator: "=" | "<>" = "="): number {
    return db.prepare(`SELECT count(*) FROM ${table} WHERE dictionary ${operator} ?`).pluck().get(identity) as number;
  }

  function limitTo(db: Database.Database, table: "labels" | "lists"): void {
    if (count(db, table) > overlayLimits[table])
      throw new LexiscopeError("invalid_input", `an atlas has at most ${overlayLimits[table]} ${table}`, { field: table });
  }

  const columns = "feature, name, note, updated";
  const readLabel = (db: Database.Database, feature: number): Label | undefined =>
    db.prepare(`SELECT ${columns} FROM labels WHERE dictionary = ? AND feature = ?`).get(identity, feature) as Label | undefined;
  const readLabels = (db: Database.Database): Label[] =>
    db.prepare(`SELECT ${columns} FROM labels WHERE dictionary = ? ORDER BY feature`).all(identity) as Label[];
  const readLists = (db: Database.Database): FeatureCollection[] =>
    (db.prepare("SELECT id FROM lists WHERE dictionary = ? ORDER BY name, id").pluck().all(identity) as string[]).flatMap(
      (id) => readList(db, id) ?? [],
    );

  const labelsOf = (wanted: readonly number[]): Map<number, Label> =>
    database.read((db) => {
      const found = db
        .prepare(`SELECT ${columns} FROM labels WHERE dictionary = ? AND feature IN (SELECT value FROM json_each(?))`)
        .all(identity, JSON.stringify(wanted)) as Label[];
      return new Map(found.map((label) => [label.feature, label]));
    }) ?? new Map<number, Label>();
  const findLabels = (query: string): number[] => {
    const folded = foldText(query.trim());
    return folded === "" ? [] : (database.read((db) => texts.find(db, folded)) ?? []);
  };

  return {
    path,
    identity,
    label: (feature) => database.read((db) => readLabel(db, checkFeature(feature, features))),
    labelsOf,
    labels: () => database.read(readLabels) ?? [],
    setLabel: (feature, text) => {
      const [name, note] = [cleanText("name", text.name), cleanText("note", text.note)];
      const label = { feature: checkFeature(feature, features), name, note, updated: time() };
      if (name !== "" || note !== "")
        return database.write((db) => {
          putLabel(db, label);
          limitTo(db, "labels");
          return label;
        });
      if (database.read((db) => readLabel(db, feature))) database.write((db) => dropLabel(db, feature));
      return undefined;
    },
    removeLabel: (feature) =>
      database.read((db) => readLabel(db, checkFeature(feature, features))) !== undefined && database.write((db) => dropLabel(db, feature)),
    findLabels,
    searchLabels: (query) => [...labelsOf(findLabels(query)).values()].sort((a, b) => a.feature - b.feature),
    named: () => database.read((db) => texts.named(db)) ?? [],
    lists: () => database.read(readLists) ?? [],
    list: (id) => {
      const list = database.read((db) => readList(db, id));
      if (list) return list;
      throw noList(id);
    },
    listsWith: (feature) =>
      database.read(
        (db) =>
          db
            .prepare(
              `SELECT id, name FROM members JOIN lists ON lists.dictionary = members.dictionary AND lists.id = members.list
               WHERE members.dictionary = ? AND feature = ? ORDER BY name, id`,
            )
            .all(identity, feature) as { id: string; name: string }[],
      ) ?? [],
    createList: ({ name, note = "", features: members = [] }) => {
      const list: FeatureCollection = {
        id: randomUUID(),
        name: listName(name),
        note: cleanText("note", note),
        features: checkMembers(members, features),
        updated: time(),
      };
      return database.write((db) => {
        putList(db, list);
        limitTo(db, "lists");
        return list;
      });
    },
    renameList: (id, name) => changeList(id, () => ({ name: listName(name) })),
    setListNote: (id, note) => changeList(id, () => ({ note: cleanText("note", note) })),
    addToList: (id, added) => changeList(id, (list) => ({ features: [...new Set([...list.features, ...checkMembers(added, features)])] })),
    removeFromList: (id, removed) => {
      const gone = new Set(removed);
      return changeList(id, (list) => ({ features: list.features.filter((feature) => !gone.has(feature)) }));
    },
    setListFeatures: (id, members) => changeList(id, () => ({ features: checkMembers(members, features) })),
    deleteList: (id) => {
      if (!database.read((db) => readList(db, id)) || !database.write((db) => dropList(db, id))) throw noList(id);
    },
    counts: () =>
      database.read((db) => ({
        labels: count(db, "labels"),
        lists: count(db, "lists"),
        foreign: count(db, "labels", "<>") + count(db, "lists", "<>"),
      })) ?? { labels: 0, lists: 0, foreign: 0 },
    exportAll: () => ({
      kind: "lexiscope-labels",
      formatVersion: 1,
      dictionary: identity,
      atlas: (options.name ?? basename(resolve(atlasPath))).slice(0, 200),
      ...(database.read((db) => db.transaction(() => ({ labels: readLabels(db), lists: readLists(db) }))()) ?? { labels: [], lists: [] }),
    }),
    importAll: (json, mode, { force = false } = {}) => {
      const data = checkExport(json);
      if (data.dictionary !== identity && !force)
        throw new LexiscopeError("mismatch", `these labels were made for another dictionary (of the atlas ${JSON.stringify(data.atlas)})`, {
          field: "dictionary",
          hint: "its numbers mean other features: open the atlas that it was made for, or force it if you know that they are the same",
        });
      return database.write((db): ImportCounts => {
        if (mode === "replace")
          for (const table of ["labels", "members", "lists"]) db.prepare(`DELETE FROM ${table} WHERE dictionary = ?`).run(identity);
        const counts: ImportCounts = { labels: 0, lists: 0, skipped: 0 };
        for (const label of data.labels) {
          const [name, note] = [cleanText("name", label.name), cleanText("note", label.note)];
          const known = readLabel(db, label.feature);
          const skip = (name === "" && note === "") || !isFeature(label.feature, features) || (known && known.updated >= label.updated);
          if (!skip) putLabel(db, { ...label, name, note });
          counts[skip ? "skipped" : "labels"]++;
        }
        for (const list of data.lists) {
          const known = readList(db, list.id);
          const skip = known && known.updated >= list.updated;
          const members = [...new Set(list.features)].filter((feature) => isFeature(feature, features));
          if (!skip) putList(db, { ...list, name: listName(list.name), note: cleanText("note", list.note), features: members });
          counts[skip ? "skipped" : "lists"]++;
        }
        limitTo(db, "labels");
        limitTo(db, "lists");
        return counts;
      });
    },
    close: () => {
      database.close();
    },
  };

  function dropLabel(db: Database.Database, feature: number): boolean {
    return db.prepare("DELETE FROM labels WHERE dictionary = ? AND feature = ?").run(identity, feature).changes > 0;
  }
}
