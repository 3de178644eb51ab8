import { randomUUID } from "node:crypto";
import { basename, resolve } from "node:path";
import type { AtlasManifest, FeatureCollection, Label } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type Database from "better-sqlite3";
import { checkFeature, checkMembers, cleanText, foldText, listName } from "./overlay-check.ts";
import { overlayDatabase } from "./overlay-database.ts";
import { importSteps, planImport } from "./overlay-import.ts";
import { applyChange, checkChange, dropList, noList, putList, readList, readLists, readListsWith } from "./overlay-lists.ts";
import { labelTexts } from "./overlay-texts.ts";
import { overlayLimits, type Overlay, type OverlayOptions } from "./overlay-types.ts";

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
  const database = overlayDatabase(path, options.patience);
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

  const listOf = (id: string): FeatureCollection => {
    const list = database.read((db) => readList(db, identity, id));
    if (list) return list;
    throw noList(id);
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
    lists: () => database.read((db) => readLists(db, identity)) ?? [],
    list: listOf,
    listsWith: (feature) => database.read((db) => readListsWith(db, identity, feature)) ?? [],
    createList: ({ name, note = "", features: members = [] }) => {
      const list: FeatureCollection = {
        id: randomUUID(),
        name: listName(name),
        note: cleanText("note", note),
        features: checkMembers(members, features),
        updated: time(),
      };
      return database.write((db) => {
        putList(db, identity, list);
        limitTo(db, "lists");
        return list;
      });
    },
    changeList: (id, change) => {
      const checked = checkChange(change, features);
      if (Object.values(checked).every((part) => part === undefined)) return listOf(id);
      return database.write((db) => {
        const list = readList(db, identity, id);
        if (list) return applyChange(db, identity, list, { ...checked, updated: time() });
        throw noList(id);
      });
    },
    deleteList: (id) => {
      if (!database.read((db) => readList(db, identity, id)) || !database.write((db) => dropList(db, identity, id))) throw noList(id);
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
      ...(database.read((db) => db.transaction(() => ({ labels: readLabels(db), lists: readLists(db, identity) }))()) ?? {
        labels: [],
        lists: [],
      }),
    }),
    importAll: async (json, mode, { force = false } = {}) => {
      const plan = await planImport(json, { identity, features, force });
      return database.writeInSteps(function* (db) {
        const counts = yield* importSteps(db, identity, plan, mode);
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
