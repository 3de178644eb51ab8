import { setImmediate as nextTurn } from "node:timers/promises";
import { LexiscopeError, asDiskError, fileIdentity, messageOf, whenFree } from "@lexiscope/core";
import Database from "better-sqlite3";

/** "LexL" in ASCII: marks the file as ours. */
const applicationId = 0x4c65784c;
const schemaVersion = 1;
/** How long a call waits for another process that writes, unless it is told otherwise, ms. */
const usualPatience = 5000;
/**
 * Changed pages (of 4 KiB) that a long transaction holds in memory. With more of them SQLite begins to write them before the
 * end, which shuts readers out until then.
 */
const heldPages = 50_000;

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

/** The file of an overlay: made when something is first written to it. When another lies in its place, that one is opened. */
export interface OverlayDatabase {
  /** Undefined while there is no file: nothing has been written. */
  read<T>(query: (db: Database.Database) => T): T | undefined;
  /** One transaction: all of it or nothing. */
  write<T>(change: (db: Database.Database) => T): T;
  /**
   * One transaction, too, on a connection of its own: wherever `change` yields, others are served, who see the state before.
   * Other writes are `busy` meanwhile.
   */
  writeInSteps<T>(change: (db: Database.Database) => Generator<void, T>): Promise<T>;
  close(): void;
}

/**
 * A rollback journal, not a WAL: one file that can be copied, kill -9 at any moment leaves the state before or after, and
 * writers are people, who are slow. `patience`: how long a call waits, blocking, for another process.
 */
export function overlayDatabase(path: string, patience = usualPatience): OverlayDatabase {
  let db: Database.Database | undefined;
  let identity: string | undefined;
  let writing = false;

  function close(): void {
    db?.close();
    db = undefined;
  }

  function current(): Database.Database {
    if (db && fileIdentity(path) !== identity) close(); // moved away, or put back
    if (db) return db;
    const before = fileIdentity(path);
    db = openFile(path, patience);
    identity = before ?? fileIdentity(path);
    return db;
  }

  function write<T>(change: (db: Database.Database) => T): T {
    if (writing) throw busy(path, "names, notes and lists are being imported");
    return guarded(path, () => current().transaction(change).immediate(current()));
  }

  async function writeInSteps<T>(change: (db: Database.Database) => Generator<void, T>): Promise<T> {
    if (writing) throw busy(path, "names, notes and lists are being imported");
    writing = true;
    let own: Database.Database | undefined;
    const patiently = <R>(work: () => R): Promise<R> => whenFree(path, usualPatience, () => guarded(path, work));
    try {
      const opened = await patiently(() => openFile(path, 0));
      own = opened;
      opened.pragma(`cache_spill = ${heldPages}`);
      await patiently(() => opened.exec("BEGIN IMMEDIATE"));
      const steps = change(opened);
      for (;;) {
        const step = guarded(path, () => steps.next());
        if (step.done === true) {
          await patiently(() => opened.exec("COMMIT"));
          return step.value;
        }
        await nextTurn();
      }
    } finally {
      own?.close(); // what is not committed is taken back
      writing = false;
    }
  }

  return {
    read: (query) => (fileIdentity(path) === undefined ? undefined : guarded(path, () => query(current()))),
    write,
    writeInSteps,
    close,
  };
}

function openFile(path: string, patience: number): Database.Database {
  const opened = new Database(path, { timeout: patience });
  try {
    opened.pragma("trusted_schema = OFF");
    opened.pragma("cell_size_check = ON");
    opened.pragma("synchronous = FULL");
    if (!isPrepared(opened, path)) opened.transaction(() => isPrepared(opened, path) || prepare(opened)).immediate();
    return opened;
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** False for an empty file; what is not ours is an error. */
function isPrepared(opened: Database.Database, path: string): boolean {
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

function busy(path: string, message: string, cause?: unknown): LexiscopeError {
  return new LexiscopeError("busy", message, { file: path, hint: "try again", cause });
}

function guarded<T>(path: string, query: () => T): T {
  try {
    return query();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (error instanceof LexiscopeError || typeof code !== "string" || !code.startsWith("SQLITE_")) throw error;
    // DBMOVED: moved away at this very moment; the next try opens what lies there then.
    if (/^SQLITE_(BUSY|LOCKED|READONLY_DBMOVED)/.test(code)) throw busy(path, `${path} is being written by another process`, error);
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
