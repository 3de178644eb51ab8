import { existsSync } from "node:fs";
import { LexiscopeError, asDiskError, messageOf } from "@lexiscope/core";
import Database from "better-sqlite3";

/** "LexL" in ASCII: marks the file as ours. */
const applicationId = 0x4c65784c;
const schemaVersion = 1;
/** How long a call waits for another process that writes, ms. */
const patience = 5000;

/** `folded`: name and note as they are compared. Times are ISO 8601. */
const schema = `
  CREATE TABLE labels (
    dictionary TEXT NOT NULL, feature INTEGER NOT NULL, name TEXT NOT NULL, note TEXT NOT NULL, updated TEXT NOT NULL, folded TEXT NOT NULL,
    PRIMARY KEY (dictionary, feature)) WITHOUT ROWID;
  CREATE TABLE lists (
    dictionary TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, note TEXT NOT NULL, updated TEXT NOT NULL,
    PRIMARY KEY (dictionary, id)) WITHOUT ROWID;
  CREATE TABLE members (
    dictionary TEXT NOT NULL, list TEXT NOT NULL, feature INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (dictionary, list, feature)) WITHOUT ROWID;
  CREATE INDEX members_order ON members (dictionary, list, position);
  CREATE INDEX members_feature ON members (dictionary, feature);
`;

/** The file of an overlay: made when something is first written to it. */
export interface OverlayDatabase {
  /** Undefined while there is no file: nothing has been written. */
  read<T>(query: (db: Database.Database) => T): T | undefined;
  /** One transaction: all of it or nothing. */
  write<T>(change: (db: Database.Database) => T): T;
  close(): void;
}

/**
 * A rollback journal, not a WAL: one file that can be copied, kill -9 at any moment leaves the state before or after, and
 * writers are people, who are slow.
 */
export function overlayDatabase(path: string): OverlayDatabase {
  let db: Database.Database | undefined;

  function open(): Database.Database {
    if (db) return db;
    const opened = new Database(path, { timeout: patience });
    try {
      opened.pragma("trusted_schema = OFF");
      opened.pragma("cell_size_check = ON");
      opened.pragma("synchronous = FULL");
      if (!isPrepared(opened)) opened.transaction(() => isPrepared(opened) || prepare(opened)).immediate();
    } catch (error) {
      opened.close();
      throw error;
    }
    db = opened;
    return opened;
  }

  /** False for an empty file; what is not ours is an error. */
  function isPrepared(opened: Database.Database): boolean {
    const [application, version] = [opened.pragma("application_id", { simple: true }), opened.pragma("user_version", { simple: true })];
    if (application === 0 && opened.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0) return false;
    if (application !== applicationId)
      throw new LexiscopeError("bad_file", `${path} is no file of labels`, { file: path, hint: "move it away" });
    if (version !== schemaVersion)
      throw new LexiscopeError("unsupported", `${path} has format ${String(version)}; this version reads ${schemaVersion}`, {
        file: path,
        hint: "use the version that made it, and export the labels",
      });
    return true;
  }

  function prepare(opened: Database.Database): void {
    opened.exec(schema);
    opened.pragma(`application_id = ${applicationId}`);
    opened.pragma(`user_version = ${schemaVersion}`);
  }

  return {
    read: (query) => (db || existsSync(path) ? guarded(path, () => query(open())) : undefined),
    write: (change) => guarded(path, () => open().transaction(change).immediate(open())),
    close: () => {
      db?.close();
      db = undefined;
    },
  };
}

function guarded<T>(path: string, query: () => T): T {
  try {
    return query();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (error instanceof LexiscopeError || typeof code !== "string" || !code.startsWith("SQLITE_")) throw error;
    if (/^SQLITE_(BUSY|LOCKED)/.test(code))
      throw new LexiscopeError("busy", `${path} is being written by another process`, { file: path, cause: error, hint: "try again" });
    if (code === "SQLITE_FULL") throw asDiskError(Object.assign(new Error(messageOf(error)), { code: "ENOSPC" }), path);
    if (/^SQLITE_(CANTOPEN|READONLY|PERM)/.test(code))
      throw asDiskError(Object.assign(new Error(messageOf(error)), { code: "EACCES" }), path);
    throw new LexiscopeError("bad_file", `${path} cannot be read: ${messageOf(error)}`, {
      file: path,
      cause: error,
      hint: "the file is damaged: put a copy of it or an export in its place, or move it away",
    });
  }
}
