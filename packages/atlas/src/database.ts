import { rmSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { LexiscopeError, asDiskError, messageOf, syncFile } from "@lexiscope/core";
import Database from "better-sqlite3";
import { columnNames, columnTypes } from "./columns.ts";
import { type FeatureReading, readability } from "./readable.ts";
import { shortFloat } from "./feature-record.ts";
import type { FeatureFindings } from "./findings.ts";
import type { TokenEffect } from "./types.ts";

/** "Lexi" in ASCII: marks the file as ours. */
const applicationId = 0x4c657869;
const schemaVersion = 3;
/** A word that stands for more features than this is common: `strong` holds its best, so that a search reads a bounded number. */
export const commonWord = 10_000;
/** Of a common word: so many features by the sum of its evidence, and so many by each part of it. */
const strongest = { sum: 4000, part: 1500 };
/** Pages kept in memory while writing, and while reading, KiB. */
const writerCache = 128 * 1024;
const readerCache = 64 * 1024;

/**
 * One small row a feature, and what only its own page shows in `details`, so that lists read few pages of the file. Columns
 * for sorting and filtering lie in `columns`, whole. `terms` gives for each word the features that it stands for (see
 * `search.ts`), `words` every such word with their number; `text` is a full-text index without a copy of the text. `tokens`
 * has the text of every token of the examples. Bins of `histogram` are u32 (LE), `outputs` and neighbours are JSON.
 */
const schema = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE columns (name TEXT PRIMARY KEY, value BLOB NOT NULL);
  CREATE TABLE features (
    id INTEGER PRIMARY KEY, fired INTEGER NOT NULL, density REAL NOT NULL, maximum REAL NOT NULL, mean REAL NOT NULL, effect REAL NOT NULL,
    top_token TEXT NOT NULL, word TEXT NOT NULL, top_output TEXT NOT NULL,
    consistency REAL NOT NULL, examples INTEGER NOT NULL, documents INTEGER NOT NULL, word_share REAL NOT NULL);
  CREATE TABLE details (
    id INTEGER PRIMARY KEY, histogram BLOB NOT NULL, outputs TEXT NOT NULL, neighbours TEXT NOT NULL, coactive TEXT NOT NULL,
    tokens TEXT NOT NULL);
  CREATE TABLE tokens (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
  CREATE TABLE terms (word TEXT, feature INTEGER, peak REAL, near REAL, fires REAL, output REAL, PRIMARY KEY (word, feature)) WITHOUT ROWID;
  CREATE TABLE strong (word TEXT, feature INTEGER, peak REAL, near REAL, fires REAL, output REAL, PRIMARY KEY (word, feature)) WITHOUT ROWID;
  CREATE TABLE words (word TEXT PRIMARY KEY, features INTEGER NOT NULL) WITHOUT ROWID;
  CREATE VIRTUAL TABLE text USING fts5(tokens, examples, outputs, content='', tokenize='porter unicode61 remove_diacritics 2');
`;

export interface DatabaseWriter {
  add(findings: FeatureFindings): void;
  /** Sorts the terms, sets down the columns, closes and fsyncs. */
  finish(): Promise<void>;
  /** Closes the file without finishing it. */
  abandon(): void;
}

/**
 * Writes a feature database; the same findings, in the order of their indices, give the same bytes. `mean` [d] is kept for
 * error shares, `tokens` for showing examples without the model.
 */
export function createDatabaseWriter(path: string, mean: Float32Array, tokens: ReadonlyMap<number, string>): DatabaseWriter {
  const db = asDiskFault(path, () => new Database(path));
  // Terms are sorted once at the end: set down one by one where they belong, they would touch the whole file again and again.
  const unsorted = `${path}.unsorted`;
  db.prepare("ATTACH ? AS unsorted").run(unsorted);
  for (const name of ["main", "unsorted"]) {
    db.pragma(`${name}.journal_mode = OFF`); // a build that is cut short is thrown away whole
    db.pragma(`${name}.synchronous = OFF`);
  }
  db.pragma(`cache_size = -${writerCache}`);
  db.pragma(`application_id = ${applicationId}`);
  db.pragma(`user_version = ${schemaVersion}`);
  db.exec("BEGIN");
  db.exec(schema);
  db.exec("CREATE TABLE unsorted.terms (word TEXT, feature INTEGER, peak REAL, near REAL, fires REAL, output REAL)");
  db.prepare("INSERT INTO meta VALUES ('mean', ?)").run(Buffer.from(mean.buffer, mean.byteOffset, mean.byteLength));
  const token = db.prepare("INSERT INTO tokens VALUES (?, ?)");
  for (const id of Array.from(tokens.keys()).sort((a, b) => a - b)) token.run(id, tokens.get(id));
  const feature = db.prepare("INSERT INTO features VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const details = db.prepare("INSERT INTO details VALUES (?, ?, ?, ?, ?, ?)");
  const term = db.prepare("INSERT INTO unsorted.terms VALUES (?, ?, ?, ?, ?, ?)");
  const text = db.prepare("INSERT INTO text (rowid, tokens, examples, outputs) VALUES (?, ?, ?, ?)");
  const effects = (list: readonly TokenEffect[]): unknown => list.map(({ id, text: shown, value }) => [id, shown, shortFloat(value)]);
  let open = true;
  const close = (): void => {
    if (open) db.close();
    open = false;
    try {
      rmSync(unsorted, { force: true });
    } catch {
      // on a disk that turned read-only it stays in the folder that the next build removes
    }
  };
  return {
    add: (f) =>
      asDiskFault(path, () => {
        const { summary: s, reading: r } = f;
        const counts = Buffer.from(Uint32Array.from(f.histogram).buffer);
        const outputs = JSON.stringify({ top: effects(f.top), bottom: effects(f.bottom) });
        const neighbours = JSON.stringify(f.neighbours.map(({ index, cosine }) => [index, shortFloat(cosine)]));
        const coactive = JSON.stringify(f.coactive.map(({ index, npmi, count }) => [index, shortFloat(npmi), count]));
        const firesOn = JSON.stringify(f.tokens.map(({ id, text: shown, npmi, count }) => [id, shown, shortFloat(npmi), count]));
        const best = f.top[0] && f.top[0].value > 0 ? f.top[0] : { text: "", value: 0 };
        feature.run(
          s.index,
          s.fired,
          s.density,
          s.maximum,
          s.mean,
          shortFloat(best.value),
          s.topToken,
          r.word,
          best.text,
          r.consistency,
          r.examples,
          r.documents,
          r.wordShare,
        );
        details.run(s.index, counts, outputs, neighbours, coactive, firesOn);
        for (const [word, t] of r.terms) term.run(word, s.index, t.peak, t.near, t.fires, t.output);
        text.run(s.index, r.tokenText, r.exampleText, f.top.map((t) => t.text).join(" "));
      }),
    finish: async () => {
      asDiskFault(path, () => {
        db.exec("INSERT INTO terms SELECT * FROM unsorted.terms ORDER BY word, feature");
        writeWords(db);
        writeColumns(db);
        db.exec("INSERT INTO text (text) VALUES ('optimize')");
        db.exec("COMMIT");
        db.exec("DETACH unsorted");
        db.exec("VACUUM");
        close();
      });
      await syncFile(path);
    },
    abandon: close,
  };
}

function writeWords(db: Database.Database): void {
  db.exec("INSERT INTO words SELECT word, count(*) FROM terms GROUP BY word");
  const common = db.prepare("SELECT word FROM words WHERE features > ?").pluck().all(commonWord) as string[];
  const copies = (["peak + near / 2 + fires / 4 + output / 4", "peak", "near", "fires", "output"] as const).map((value, i) =>
    db.prepare(
      `INSERT OR IGNORE INTO strong SELECT * FROM terms WHERE word = ? ORDER BY ${value} DESC, feature LIMIT ${i === 0 ? strongest.sum : strongest.part}`,
    ),
  );
  for (const word of common) for (const copy of copies) copy.run(word);
}

const readingQuery = `SELECT word, consistency, examples, documents, word_share AS wordShare FROM features ORDER BY id`;

function writeColumns(db: Database.Database): void {
  const count = db.prepare("SELECT count(*) FROM features").pluck().get() as number;
  const insert = db.prepare("INSERT INTO columns VALUES (?, ?)");
  for (const name of columnNames) {
    const values = new columnTypes[name](count);
    let i = 0;
    if (name === "readability") for (const row of db.prepare(readingQuery).iterate()) values[i++] = readability(row as FeatureReading);
    else for (const value of db.prepare(`SELECT ${name} FROM features ORDER BY id`).pluck().iterate()) values[i++] = value as number;
    insert.run(name, Buffer.from(values.buffer));
  }
}

function asDiskFault<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw asDiskError(error, path);
  }
}

/** Opens a feature database for reading. What it says about itself is not trusted. */
export function openDatabase(path: string): Database.Database {
  return guarded(path, () => {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    try {
      db.pragma("trusted_schema = OFF");
      db.pragma("cell_size_check = ON");
      db.pragma("query_only = ON");
      db.pragma(`cache_size = -${readerCache}`);
      if (db.pragma("application_id", { simple: true }) !== applicationId)
        throw new LexiscopeError("bad_file", `${path} is no feature database`, {
          file: path,
          hint: "the file is damaged; copy or build the atlas again",
        });
      const version = db.pragma("user_version", { simple: true });
      if (version !== schemaVersion)
        throw new LexiscopeError("unsupported", `${path} has format ${String(version)}; this version reads ${schemaVersion}`, {
          file: path,
          hint: "build the atlas again, or use the version that made it",
        });
      if (!isDeepStrictEqual(tablesOf(db), (known ??= ownTables())))
        throw new LexiscopeError("bad_file", `${path} has other tables than a feature database`, {
          file: path,
          hint: "the file is damaged; copy or build the atlas again",
        });
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

let known: unknown[] | undefined;

/** A view, a trigger or a computed column in the place of a table would be a stranger's program, which may run for ever. */
function tablesOf(db: Database.Database): unknown[] {
  return db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").raw().all();
}

function ownTables(): unknown[] {
  const empty = new Database(":memory:");
  try {
    empty.exec(schema);
    return tablesOf(empty);
  } finally {
    empty.close();
  }
}

/** Runs `query`; what SQLite says about a damaged file becomes an error that names it. */
export function guarded<T>(path: string, query: () => T): T {
  try {
    return query();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (error instanceof LexiscopeError || typeof code !== "string" || !code.startsWith("SQLITE_")) throw error;
    throw new LexiscopeError("bad_file", `${path} cannot be read: ${messageOf(error)}`, {
      file: path,
      cause: error,
      hint: "the file is damaged; copy or build the atlas again",
    });
  }
}
