import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { type Chat, type ChatInput, type Chats, chatSchema } from "@lexiscope/contract";
import { LexiscopeError, fileIdentity, formatBytes, messageOf } from "@lexiscope/core";

/** More conversations than a person has; a program that makes one a second must not fill the disk unseen. */
const maxChats = 10_000;
/** Of one conversation as JSON. */
const maxChatBytes = 16 * 2 ** 20;
/** Of all conversations together, as the file holds them. */
const usualMaxBytes = 2 ** 30;
/** SQLite does not wait for another process that writes: that would hold up everybody. `whenFree` does, outside of it. */
const busyMs = 0;

const applicationId = 0x4c786368;
const schemaVersion = 1;
const schema = `
  CREATE TABLE chats (id TEXT PRIMARY KEY, title TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL, turns INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX chats_updated ON chats (updated);
`;

/** Conversations in one SQLite file; several servers may share it, and a killed one leaves it whole. */
export interface ChatStore {
  readonly path: string;
  /** The latest first. */
  list(): Chats["chats"];
  get(id: string): Chat;
  create(input: ChatInput): Chat;
  /** Changes the parts that are given. */
  update(id: string, input: ChatInput): Chat;
  remove(id: string): void;
  close(): void;
}

export interface ChatStoreOptions {
  now?: (() => Date) | undefined;
  /** Of all conversations together (1 GiB). */
  maxBytes?: number | undefined;
}

const emptyChat: Omit<Chat, "id" | "created" | "updated"> = {
  title: "New chat",
  model: null,
  atlas: null,
  system: "",
  turns: [],
  edits: [],
  sampling: { temperature: 0, topP: 1, repetitionPenalty: 1, maxTokens: 200, seed: 0 },
  sides: "both",
};

/**
 * Opens the file when it is first needed: one that is damaged spoils nothing else. When another lies in its place, that
 * one is opened. While another process holds it, every call is `busy` at once.
 */
export function openChatStore(path: string, { now = () => new Date(), maxBytes = usualMaxBytes }: ChatStoreOptions = {}): ChatStore {
  let db: Database.Database | undefined;
  let opened: string | undefined;
  const close = (): void => {
    db?.close();
    db = undefined;
  };
  function open(): Database.Database {
    // Moved away or restored: what lies there now counts. A transaction ends on the file on which it began.
    if (db && !db.inTransaction && fileIdentity(path) !== opened) close();
    if (db) return db;
    const before = fileIdentity(path);
    db = openFile(path);
    opened = before ?? fileIdentity(path);
    return db;
  }

  function read(id: string): Chat {
    const row = open().prepare("SELECT body FROM chats WHERE id = ?").get(id) as { body: string } | undefined;
    if (!row) throw new LexiscopeError("not_found", "there is no such conversation", { field: "chat", hint: "it may have been deleted" });
    return chatSchema.parse(JSON.parse(row.body));
  }

  function write(chat: Chat): Chat {
    const body = JSON.stringify(chat);
    if (Buffer.byteLength(body) > maxChatBytes)
      throw new LexiscopeError("invalid_input", `the conversation has more than ${maxChatBytes / 2 ** 20} MiB`, {
        field: "turns",
        hint: "go on in a new one",
      });
    const before = usedBytes(open());
    open()
      .prepare("INSERT OR REPLACE INTO chats VALUES (?, ?, ?, ?, ?, ?)")
      .run(chat.id, chat.title, chat.created, chat.updated, chat.turns.length, body);
    const after = usedBytes(open());
    // Within a transaction: what is refused is undone. One that gets shorter may do so whatever the others hold.
    if (after > maxBytes && after > before)
      throw new LexiscopeError("invalid_input", `the conversations together have more than ${formatBytes(maxBytes)}`, {
        hint: "delete some of the old ones",
      });
    return chat;
  }

  const guard = <T>(work: () => T): T => guarded(path, work);
  const atomically = <T>(work: () => T): T => guard(() => open().transaction(work).immediate());
  return {
    path,
    list: () =>
      guard(() => open().prepare("SELECT id, title, created, updated, turns FROM chats ORDER BY updated DESC, id").all() as Chats["chats"]),
    get: (id) => guard(() => read(id)),
    create: (input) =>
      atomically(() => {
        const { count } = open().prepare("SELECT count(*) AS count FROM chats").get() as { count: number };
        if (count >= maxChats)
          throw new LexiscopeError("invalid_input", `${maxChats} conversations are kept already`, { hint: "delete some of the old ones" });
        const time = now().toISOString();
        return write({ ...emptyChat, ...withoutUndefined(input), id: randomBytes(9).toString("base64url"), created: time, updated: time });
      }),
    update: (id, input) => atomically(() => write({ ...read(id), ...withoutUndefined(input), updated: now().toISOString() })),
    remove: (id) =>
      atomically(() => {
        read(id);
        open().prepare("DELETE FROM chats WHERE id = ?").run(id);
      }),
    close,
  };
}

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutUndefined(input: ChatInput): Given<ChatInput> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Given<ChatInput>;
}

function openFile(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true });
  const db = new Database(path, { timeout: busyMs });
  try {
    // No WAL: one file that can be copied, and read where nothing may be written. Writers are people, who are slow.
    db.pragma("journal_mode = TRUNCATE");
    db.pragma("synchronous = FULL");
    db.pragma("trusted_schema = OFF");
    if (!isPrepared(db, path)) db.transaction(() => isPrepared(db, path) || prepare(db)).immediate();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Of the file's pages those that hold something. */
function usedBytes(db: Database.Database): number {
  const read = (name: string): number => Number(db.pragma(name, { simple: true }));
  return (read("page_count") - read("freelist_count")) * read("page_size");
}

/** False for an empty file; what is not ours is an error. */
function isPrepared(db: Database.Database, path: string): boolean {
  const id = db.pragma("application_id", { simple: true });
  const version = db.pragma("user_version", { simple: true });
  if (id === applicationId && version === schemaVersion) return true;
  if (id === 0 && version === 0) return false;
  throw new LexiscopeError("unsupported", `${path} is no file of conversations that this version reads`, {
    file: path,
    hint: "move it away, or use the version that made it",
  });
}

function prepare(db: Database.Database): void {
  db.exec(schema);
  db.pragma(`application_id = ${applicationId}`);
  db.pragma(`user_version = ${schemaVersion}`);
}

/** What SQLite says becomes an error that names the file. */
function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (error instanceof LexiscopeError || typeof code !== "string" || !code.startsWith("SQLITE_")) throw error;
    // Moved away at this very moment: the next try opens what lies there then.
    if (/^SQLITE_(?:BUSY|READONLY_DBMOVED)/.test(code))
      throw new LexiscopeError("busy", "another process writes to the conversations", { file: path, hint: "try again", cause: error });
    if (/^SQLITE_(?:FULL|READONLY|CANTOPEN|IOERR|PERM)/.test(code))
      throw new LexiscopeError("environment", `${path} cannot be written: ${messageOf(error)}`, {
        file: path,
        hint: "free some space, or change its permissions",
        cause: error,
      });
    throw new LexiscopeError("bad_file", `${path} cannot be read: ${messageOf(error)}`, {
      file: path,
      hint: "the file is damaged; move it away to begin anew",
      cause: error,
    });
  }
}
