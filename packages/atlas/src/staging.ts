import { mkdir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { LexiscopeError, lockFolder, messageOf, syncFolder } from "@lexiscope/core";

/** A folder being made beside its final place. */
export interface Staging {
  readonly folder: string;
  /** A build that was killed had begun it; what it left is gone. */
  readonly anew: boolean;
  /** Gives the folder its final name; a finished one there before is replaced only now, and put back if that fails. */
  publish(): Promise<void>;
  /** Throws the folder away, unless it was published, and lets the next build in. */
  discard(): Promise<void>;
}

/**
 * Opens a folder for building `out`: what a killed build left there is removed, and a finished folder that it had moved
 * aside gets its name back; a living build is `busy`. Refuses an existing `out` unless `replace`. Beside `out` stands
 * `.NAME.building` with the lock, `new`, and, while one replaces the other, `old`: the lock outlives both renames.
 */
export async function stageFolder(out: string, replace: boolean): Promise<Staging> {
  const building = buildingFolder(out);
  const folder = join(building, "new");
  const old = join(building, "old");
  const unlock = await lockFolder(building, `building ${basename(out)}`);
  let held = true;
  const release = async (): Promise<void> => {
    if (!held) return;
    held = false;
    await unlock();
    await rmdir(building).catch(ignore("ENOTEMPTY", "EEXIST", "ENOENT", "EROFS", "EACCES", "EPERM")); // the next build may be in it already
  };
  let anew = false;
  try {
    await putBack(old, out);
    for (const name of await readdir(building)) {
      if (name === ".lock") continue;
      anew ||= name === "new";
      await rm(join(building, name), { recursive: true, force: true });
    }
    if (!replace && (await exists(out)))
      throw new LexiscopeError("invalid_input", `${out} exists already`, {
        file: out,
        field: "out",
        hint: "choose another name, or replace it with --replace",
      });
    await mkdir(folder);
  } catch (error) {
    await release();
    throw error;
  }
  return {
    folder,
    anew,
    publish: async () => {
      await syncFolder(folder);
      if (replace) await rename(out, old).catch(ignore("ENOENT"));
      try {
        await rename(folder, out);
      } catch (error) {
        throw await unpublished(error, old, out);
      }
      await syncFolder(dirname(out));
      await rm(old, { recursive: true, force: true });
      await release();
    },
    discard: async () => {
      if (!held) return;
      await rm(folder, { recursive: true, force: true }).catch(() => undefined); // else the next build removes it
      await release();
    },
  };
}

const buildingFolder = (out: string): string => join(dirname(out), `.${basename(out)}.building`);

/** Whether a finished folder was moved aside by a build that died before the new one had its name. */
export async function isAside(out: string): Promise<boolean> {
  return !(await exists(out)) && (await exists(join(buildingFolder(out), "old")));
}

/** Gives a folder that was moved aside its name again, if nothing has taken the name since. */
async function putBack(old: string, out: string): Promise<void> {
  if ((await exists(out)) || !(await exists(old))) return;
  await rename(old, out);
  await syncFolder(dirname(out));
}

/** The error of a build that could not take its name, after the one before it was put back. */
async function unpublished(cause: unknown, old: string, out: string): Promise<LexiscopeError> {
  await putBack(old, out).catch(() => undefined); // where it is then is said below
  const kept = await exists(old);
  return new LexiscopeError("environment", `${out} could not be put in place, and was discarded: ${messageOf(cause)}`, {
    file: out,
    hint: kept
      ? `what was there before is kept as ${old}: move it away before you build again`
      : "build it again; what was there before is untouched",
    cause,
  });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function ignore(...codes: string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? "")) throw error;
  };
}
