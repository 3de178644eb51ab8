import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, open, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
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
    await rm(temporary, { force: true });
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

/** Makes a folder and those above it. A place that cannot be written is an `environment` error that names it. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
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

/** Turns ENOSPC, EACCES and the like into an error that says what to do. */
export function asDiskError(error: unknown, path: string): unknown {
  const code = errorCode(error);
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
  return error;
}

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

/** SHA-256 of a whole file, hex, streamed. */
export async function sha256File(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) }))
    hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** Reads exactly `length` bytes at `offset` into memory of our own; a short file is a named error. */
export async function readExactly(path: string, offset: number, length: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
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
  } finally {
    await file.close();
  }
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

/**
 * Holds `folder` for this process until the returned function is called. The lock is a file with our pid and the start
 * time of our process; a lock whose process is gone is taken over.
 */
export async function lockFolder(folder: string, purpose: string): Promise<() => Promise<void>> {
  await makeFolder(folder);
  const path = join(folder, ".lock");
  const own = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const mine = JSON.stringify({ pid: process.pid, started: await processStart(process.pid), purpose });
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        await writeFile(own, mine); // again each time: the holder may clean the folder of temporary files
        await link(own, path); // appears with its content, or not at all
        return async () => {
          await rm(path, { force: true });
        };
      } catch (error) {
        if (errorCode(error) === "ENOENT") continue;
        if (errorCode(error) !== "EEXIST") throw error;
      }
      await takeStaleLock(folder, path, `${own}.stale.tmp`);
    }
  } catch (error) {
    throw asDiskError(error, path);
  } finally {
    await rm(own, { force: true });
  }
  throw new LexiscopeError("busy", `${folder} could not be locked`, {
    file: folder,
    hint: "another process keeps taking the lock; try again",
  });
}

/** Moves the lock of a dead process aside; a live holder is an error. Renaming first means that of two takers one wins. */
async function takeStaleLock(folder: string, path: string, aside: string): Promise<void> {
  const refuse = (holder: Holder): never => {
    throw new LexiscopeError("busy", `${folder} is in use by process ${holder.pid} (${holder.purpose})`, {
      file: folder,
      hint: "wait for it to finish, or stop it, then run the command again",
    });
  };
  const seen = await readHolder(path);
  if (seen && (await isRunning(seen))) refuse(seen);
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  const moved = await readHolder(aside);
  if (moved && (await isRunning(moved))) {
    await rename(aside, path);
    refuse(moved);
  }
  await rm(aside, { force: true });
}

interface Holder {
  pid: number;
  started: string;
  purpose: string;
}

async function isRunning(holder: Holder): Promise<boolean> {
  return holder.started === (await processStart(holder.pid));
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, "utf8")) as Holder;
    return Number.isInteger(holder.pid) && typeof holder.started === "string" ? holder : undefined;
  } catch {
    return undefined; // a lock cut short by a kill names nobody
  }
}

/** A string that differs between two processes that had the same pid; empty when there is no such process. */
async function processStart(pid: number): Promise<string> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return "";
  }
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "running";
  } catch {
    return "running"; // no /proc on this system: a live pid counts as the holder
  }
}
