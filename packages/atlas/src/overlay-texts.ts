import type Database from "better-sqlite3";
import { overlayLimits } from "./overlay-types.ts";

/** Characters of labels that are kept in memory; thousands of people's names have less than one of these millions. */
const maxKept = 8e6;

/** Features with a label, found by its text. */
export interface LabelTexts {
  /** Features whose name or note holds the text (folded as `foldText` does it), ascending; at most `overlayLimits.found`. */
  find(db: Database.Database, folded: string): number[];
  /** Features with a name, ascending. */
  named(db: Database.Database): number[];
}

interface Texts {
  /** Another connection counts its versions anew. */
  db: Database.Database;
  version: string;
  named: number[];
  /** Undefined when there is too much of it. */
  folded: { feature: number; text: string }[] | undefined;
}

/**
 * Every page of a list and every search ask what is named: the texts are read once and again only after somebody, here
 * or in another process, has written.
 */
export function labelTexts(identity: string): LabelTexts {
  let kept: Texts | undefined;

  function current(db: Database.Database): Texts {
    const version = `${String(db.pragma("data_version", { simple: true }))} ${String(db.prepare("SELECT total_changes()").pluck().get())}`;
    if (kept?.db !== db || kept.version !== version) kept = { db, version, ...read(db) };
    return kept;
  }

  function read(db: Database.Database): Omit<Texts, "db" | "version"> {
    const select = (sql: string): unknown[] => db.prepare(sql).all(identity);
    const named = db.prepare("SELECT feature FROM labels WHERE dictionary = ? AND name <> '' ORDER BY feature").pluck().all(identity);
    const [{ length }] = select("SELECT coalesce(sum(length(folded)), 0) AS length FROM labels WHERE dictionary = ?") as [
      { length: number },
    ];
    const folded =
      length > maxKept ? undefined : select("SELECT feature, folded AS text FROM labels WHERE dictionary = ? ORDER BY feature");
    return { named: named as number[], folded: folded as Texts["folded"] };
  }

  return {
    find: (db, wanted) => {
      const { folded } = current(db);
      if (folded) return folded.flatMap(({ feature, text }) => (text.includes(wanted) ? [feature] : [])).slice(0, overlayLimits.found);
      const sql = "SELECT feature FROM labels WHERE dictionary = ? AND instr(folded, ?) > 0 ORDER BY feature LIMIT ?";
      return db.prepare(sql).pluck().all(identity, wanted, overlayLimits.found) as number[];
    },
    named: (db) => current(db).named,
  };
}
