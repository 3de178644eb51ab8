import { LexiscopeError, asDiskError, messageOf } from "@lexiscope/core";
import Database from "better-sqlite3";
import { shortFloat } from "./feature-record.ts";
import type { FeatureFindings } from "./findings.ts";
import { syncFile } from "./staging.ts";
import type { TokenEffect } from "./types.ts";

/** "Lexi" in ASCII: marks the file as ours. */
const applicationId = 0x4c657869;
const schemaVersion = 1;

/**
 * One small row a feature; `terms` gives for each word the features that it stands for (see `search.ts`); `text` is a
 * full-text index without a copy of the text. Bins of `histogram` are u32 (LE), `outputs` and neighbours are JSON.
 */
const schema = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE features (
    id INTEGER PRIMARY KEY, fired INTEGER NOT NULL, density REAL NOT NULL, maximum REAL NOT NULL, mean REAL NOT NULL,
    top_token TEXT NOT NULL, word TEXT NOT NULL, consistency REAL NOT NULL, examples INTEGER NOT NULL, documents INTEGER NOT NULL,
    word_share REAL NOT NULL, histogram BLOB NOT NULL, outputs TEXT NOT NULL, neighbours TEXT NOT NULL, coactive TEXT NOT NULL,
    tokens TEXT NOT NULL);
  CREATE TABLE terms (word TEXT, feature INTEGER, peak REAL, near REAL, fires REAL, output REAL, PRIMARY KEY (word, feature)) WITHOUT ROWID;
  CREATE VIRTUAL TABLE text USING fts5(tokens, examples, outputs, content='', tokenize='porter unicode61 remove_diacritics 2');
`;
const indices = `
  CREATE INDEX features_density ON features (density);
  CREATE INDEX features_maximum ON features (maximum);
  CREATE INDEX features_fired ON features (fired);
`;

export interface DatabaseWriter {
  add(findings: FeatureFindings): void;
  /** Builds the indices, closes and fsyncs. */
  finish(): Promise<void>;
  /** Closes the file without finishing it. */
  abandon(): void;
}

/** Writes a feature database; the same findings give the same bytes. `mean` [d] is kept for error shares. */
export function createDatabaseWriter(path: string, mean: Float32Array): DatabaseWriter {
  const db = new Database(path);
  db.pragma("journal_mode = OFF"); // a build that is cut short is thrown away whole
  db.pragma("synchronous = OFF");
  db.pragma(`application_id = ${applicationId}`);
  db.pragma(`user_version = ${schemaVersion}`);
  db.exec("BEGIN");
  db.exec(schema);
  db.prepare("INSERT INTO meta VALUES ('mean', ?)").run(Buffer.from(mean.buffer, mean.byteOffset, mean.byteLength));
  const feature = db.prepare("INSERT INTO features VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const term = db.prepare("INSERT INTO terms VALUES (?, ?, ?, ?, ?, ?)");
  const text = db.prepare("INSERT INTO text (rowid, tokens, examples, outputs) VALUES (?, ?, ?, ?)");
  const effects = (list: readonly TokenEffect[]): unknown => list.map(({ id, text: shown, value }) => [id, shown, shortFloat(value)]);
  return {
    add: (f) =>
      asFullDisk(path, () => {
        const { summary: s, reading: r } = f;
        const counts = Buffer.from(Uint32Array.from(f.histogram).buffer);
        const outputs = JSON.stringify({ top: effects(f.top), bottom: effects(f.bottom) });
        const neighbours = JSON.stringify(f.neighbours.map(({ index, cosine }) => [index, shortFloat(cosine)]));
        const coactive = JSON.stringify(f.coactive.map(({ index, npmi, count }) => [index, shortFloat(npmi), count]));
        const tokens = JSON.stringify(f.tokens.map(({ id, text: shown, npmi, count }) => [id, shown, shortFloat(npmi), count]));
        feature.run(
          s.index,
          s.fired,
          s.density,
          s.maximum,
          s.mean,
          s.topToken,
          r.word,
          r.consistency,
          r.examples,
          r.documents,
          r.wordShare,
          counts,
          outputs,
          neighbours,
          coactive,
          tokens,
        );
        for (const [word, t] of r.terms) term.run(word, s.index, t.peak, t.near, t.fires, t.output);
        text.run(s.index, r.tokenText, r.exampleText, f.top.map((t) => t.text).join(" "));
      }),
    finish: async () => {
      asFullDisk(path, () => {
        db.exec("INSERT INTO text (text) VALUES ('optimize')");
        db.exec(indices);
        db.exec("COMMIT");
        db.exec("VACUUM");
        db.close();
      });
      await syncFile(path);
    },
    abandon: () => db.close(),
  };
}

function asFullDisk<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw (error as { code?: unknown }).code === "SQLITE_FULL"
      ? asDiskError(Object.assign(new Error(messageOf(error)), { code: "ENOSPC" }), path)
      : error;
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
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
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
