import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LexiscopeError } from "./errors.ts";
import { asDiskError, makeFolder, sha256 } from "./files.ts";
import { identityOf, isRunning, type ProcessIdentity } from "./process-identity.ts";

/** How often a lock is tried that changes hands under our eyes. */
const maxTries = 20;

interface Holder extends ProcessIdentity {
  purpose: string;
}

/**
 * Holds `folder` for this process until the returned function is called. A lock whose process is gone, however it ended, is
 * taken over; there is no time in it, so neither a stopped process nor a changed clock loses or gains one.
 *
 * A lock is a file with its holder's pid and start time. Nobody removes the lock of a dead holder: who comes next links a
 * file of its own to the one name that follows from that lock's content, so that of several takers one wins; it then looks
 * whether the names still lead from the first lock to its own, and only as the holder puts its file in the first place.
 */
export async function lockFolder(folder: string, purpose: string): Promise<() => Promise<void>> {
  const first = join(folder, ".lock");
  const own = `${first}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  const content = JSON.stringify({ ...identityOf(process.pid), purpose, nonce: randomBytes(8).toString("hex") });
  try {
    for (let tries = 0; tries < maxTries; tries++) {
      // Again each time: the holder cleans the folder of such files, and may remove the folder when it is done.
      await makeFolder(folder);
      const written = await writeFile(own, content).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code !== "ENOENT") throw error;
          return false;
        },
      );
      if (!written) continue;
      const place = await takePlace(folder, first, own);
      if (place === undefined) continue;
      if (place !== first) {
        if (!(await leadsTo(first, place, content))) {
          await rm(place, { force: true });
          continue;
        }
        await rename(own, first);
      }
      for (const name of await readdir(folder)) if (name.startsWith(".lock.")) await rm(join(folder, name), { force: true });
      let held = true;
      return async () => {
        // Where it cannot be removed, the next one finds its holder dead; what ended our work must not be hidden by this.
        if (held) await rm(first, { force: true }).catch(() => undefined);
        held = false;
      };
    }
  } catch (error) {
    throw asDiskError(error, first);
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
  throw new LexiscopeError("busy", `${folder} could not be locked`, {
    file: folder,
    hint: "other processes keep taking the lock; try again",
  });
}

/** Links `own` to the first free name of the chain of dead locks; undefined: something moved meanwhile. */
async function takePlace(folder: string, first: string, own: string): Promise<string | undefined> {
  for (let place = first; ;) {
    try {
      await linkNew(own, place);
      return place;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      if (code !== "EEXIST") throw error;
    }
    const content = await readWhole(place);
    if (content === undefined) return undefined;
    const holder = parseHolder(content);
    if (holder && (await isRunning(holder)))
      throw new LexiscopeError("busy", `${folder} is in use by process ${holder.pid} (${holder.purpose})`, {
        file: folder,
        hint: "wait for it to finish, or stop it, then run the command again",
      });
    place = successor(first, content);
  }
}

/** Whether the chain of dead locks from `first` on ends at `place`, which holds `own`. */
async function leadsTo(first: string, place: string, own: string): Promise<boolean> {
  for (let at = first; ;) {
    const content = await readWhole(at);
    if (content === undefined) return false;
    if (content === own) return at === place;
    const holder = parseHolder(content);
    if (holder && (await isRunning(holder))) return false;
    at = successor(first, content);
  }
}

const successor = (first: string, content: string): string => `${first}.after-${sha256(content).slice(0, 16)}`;

/** A lock appears with its content or not at all; where the file system has no hard links, only its name appears at once. */
async function linkNew(own: string, path: string): Promise<void> {
  try {
    await link(own, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS") throw error;
    await copyFile(own, path, constants.COPYFILE_EXCL);
  }
}

async function readWhole(path: string): Promise<string | undefined> {
  for (let tries = 0; ; tries++) {
    const content = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return undefined;
    });
    if (content === undefined || content.endsWith("}") || tries === 5) return content;
    await sleep(20); // it may be on its way
  }
}

function parseHolder(content: string): Holder | undefined {
  try {
    const { pid, startTime, purpose } = JSON.parse(content) as Record<string, unknown>;
    const named = Number.isInteger(pid) && Number(pid) > 0 && typeof startTime === "string";
    return named ? { pid: Number(pid), startTime, purpose: String(purpose) } : undefined;
  } catch {
    return undefined; // a lock cut short names nobody
  }
}

/** Errors for which a reader goes on without saying that it is there: who cannot write there has nothing to fear from it either. */
const unwritable = new Set(["EROFS", "EACCES", "EPERM", "ENOSPC", "EDQUOT"]);
const readerName = /^\.reader\.\d+\.[0-9a-f]+$/;

/**
 * Says that this process reads from `folder` until the returned function is called: any number may, and a folder that is
 * read is not removed (`refuseWhileRead`). Where nothing can be written it is not said.
 */
export async function readFolder(folder: string, purpose: string): Promise<() => Promise<void>> {
  const path = join(folder, `.reader.${process.pid}.${randomBytes(4).toString("hex")}`);
  try {
    await livingReaders(folder);
    await writeFile(path, JSON.stringify({ ...identityOf(process.pid), purpose }), { flag: "wx" });
  } catch (error) {
    if (!unwritable.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    await rm(path, { force: true }).catch(() => undefined);
  }
  return () => rm(path, { force: true }).catch(() => undefined);
}

/** Throws `busy` when a live process reads from `folder`. Call it under the folder's lock. */
export async function refuseWhileRead(folder: string): Promise<void> {
  const [reader] = await livingReaders(folder);
  if (!reader) return;
  throw new LexiscopeError("busy", `${folder} is being read by process ${reader.pid} (${reader.purpose})`, {
    file: folder,
    hint: "wait for it to finish, or stop it, then run the command again",
  });
}

/** Who reads from `folder`; what dead readers left is removed. */
async function livingReaders(folder: string): Promise<Holder[]> {
  const readers: Holder[] = [];
  for (const name of await readdir(folder)) {
    if (!readerName.test(name)) continue;
    const content = await readWhole(join(folder, name));
    const reader = content === undefined ? undefined : parseHolder(content);
    if (reader && (await isRunning(reader))) readers.push(reader);
    else await rm(join(folder, name), { force: true });
  }
  return readers;
}
