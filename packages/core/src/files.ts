import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { LexiscopeError, messageOf } from "./errors.ts";

/** Writes to a temporary name beside `path`, fsyncs, renames, fsyncs the folder: after a kill there is the old file or the new one. */
export async function writeFileAtomic(path: string, data: string | Uint8Array | readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  await makeFolder(dirname(path));
  try {
    const file = await open(temporary, "wx");
    try {
      for (const part of typeof data === "string" ? [Buffer.from(data)] : data instanceof Uint8Array ? [data] : data) {
        await writeAll(file, part);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // on a disk that turned read-only it stays
    throw asDiskError(error, path);
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, data: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < data.byteLength) {
    const { bytesWritten } = await file.write(data, offset, Math.min(data.byteLength - offset, 1 << 30));
    offset += bytesWritten;
  }
}

/** Fsyncs a folder, so that a rename in it survives a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Fsyncs a file that somebody else wrote. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Makes a folder and those above it, so that a power cut does not undo it. A place that cannot be written is an
 * `environment` error that names it.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    const make = (): Promise<string | undefined> => mkdir(folder, { recursive: true });
    // Also ENOENT: another process removed it just when it was found to be there.
    const first = await make().catch(make).catch(make);
    if (first === undefined) return;
    for (let made = resolve(folder); made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
  } catch (error) {
    const code = errorCode(error);
    const known = asDiskError(error, folder);
    if (known !== error) throw known;
    // A read-only file system says ENOENT here; a file in the way ENOTDIR or EEXIST.
    if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "EEXIST") throw error;
    throw new LexiscopeError("environment", `the folder ${folder} cannot be made: ${messageOf(error)}`, {
      file: folder,
      hint: "choose another folder (LEXISCOPE_HOME says where everything goes), or change its permissions",
      cause: error,
    });
  }
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** Turns ENOSPC, EACCES and the like, also where SQLite says them, into an error that says what to do. */
export function asDiskError(error: unknown, path: string): unknown {
  const said = errorCode(error) ?? "";
  const code = sqliteCodes.find(([start]) => said.startsWith(start))?.[1] ?? said;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new LexiscopeError("environment", `the disk is full: ${path} could not be written`, {
      file: path,
      hint: "free some space (`lexiscope list` shows what Lexiscope keeps) and run the same command again",
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EROFS" || code === "EPERM") {
    return new LexiscopeError("environment", `${path} cannot be written: ${messageOf(error)}`, {
      file: path,
      hint: "choose another folder (LEXISCOPE_HOME says where everything goes), or change its permissions",
      cause: error,
    });
  }
  if (code === "EFBIG" || code === "EIO") {
    const why = code === "EFBIG" ? "the file would be larger than the system allows" : "the disk reports a fault";
    return new LexiscopeError("environment", `${path} could not be written: ${why} (${messageOf(error)})`, {
      file: path,
      hint:
        code === "EFBIG"
          ? "raise the limit (`ulimit -f`) or choose a folder on another disk, and run the same command again"
          : "look at the disk, or choose a folder on another one, and run the same command again",
      cause: error,
    });
  }
  return error;
}

/** What SQLite calls them, by the begin of its code. */
const sqliteCodes = [
  ["SQLITE_FULL", "ENOSPC"],
  ["SQLITE_READONLY", "EROFS"],
  ["SQLITE_CANTOPEN", "EACCES"],
  ["SQLITE_IOERR", "EIO"],
] as const;

export async function writeJsonAtomic(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Limit of any JSON file that we read whole: larger ones are refused rather than parsed. */
const maxJsonBytes = 256 * 2 ** 20;

/** Reads and parses a JSON file; a missing, oversized or malformed one is a named error. */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size > maxJsonBytes)
        throw new LexiscopeError("bad_file", `${path} has ${size} bytes; a file of this kind has at most ${maxJsonBytes}`, { file: path });
      text = await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw new LexiscopeError("not_found", `${path} does not exist`, { file: path, cause: error });
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LexiscopeError("bad_file", `${path} is not valid JSON: ${messageOf(error)}`, {
      file: path,
      cause: error,
      hint: "the file is damaged; make it again",
    });
  }
}

/** SHA-256 of bytes, hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** SHA-256 of a whole file, hex, streamed a MiB at a time, or as much as the file is long. */
export async function sha256File(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const { size } = await stat(path);
  const highWaterMark = Math.min(1 << 20, Math.max(1 << 16, size));
  for await (const chunk of createReadStream(path, { highWaterMark, ...(signal ? { signal } : {}) })) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** Reads exactly `length` bytes at `offset` into memory of our own; a short file is a named error. */
export async function readExactly(path: string, offset: number, length: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    return await readExactlyFrom(file, path, offset, length);
  } finally {
    await file.close();
  }
}

/** As {@link readExactly}, from a file that is open; `path` is what errors call it. */
export async function readExactlyFrom(file: FileHandle, path: string, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await file.read(buffer, got, Math.min(length - got, 1 << 30), offset + got);
    if (bytesRead === 0)
      throw new LexiscopeError("bad_file", `${path} ends at byte ${offset + got}; ${length} bytes from ${offset} were expected`, {
        file: path,
        hint: "the file is truncated; make or download it again",
      });
    got += bytesRead;
  }
  return buffer;
}

/** Free bytes on the disk that holds `path` (or its nearest existing parent). */
export async function freeBytes(path: string): Promise<number> {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (error) {
      if (dirname(at) === at) throw error;
    }
  }
}

/** Refuses work for which the disk has not enough room, before it starts. */
export async function requireDisk(path: string, bytes: number, what: string): Promise<void> {
  const free = await freeBytes(path);
  if (free < bytes) {
    throw new LexiscopeError("environment", `${what} needs ${formatBytes(bytes)} on disk at ${path}; ${formatBytes(free)} are free`, {
      file: path,
      hint: "free some space, ask for fewer tokens, or choose another folder (LEXISCOPE_HOME says where everything goes)",
    });
  }
}

export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}
