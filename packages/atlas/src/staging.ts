import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { LexiscopeError, lockFolder, syncFolder } from "@lexiscope/core";

/** A folder being made beside its final place. */
export interface Staging {
  readonly folder: string;
  /** Gives the folder its final name; a finished one there before is replaced only now. */
  publish(): Promise<void>;
  /** Throws the folder away, unless it was published. */
  discard(): Promise<void>;
}

/**
 * Opens a folder for building `out`: what a killed build left there is removed, a living one is `busy`. Refuses an
 * existing `out` unless `replace`.
 */
export async function stageFolder(out: string, replace: boolean): Promise<Staging> {
  const exists = await stat(out).then(
    () => true,
    () => false,
  );
  if (exists && !replace)
    throw new LexiscopeError("invalid_input", `${out} exists already`, {
      file: out,
      field: "out",
      hint: "choose another name, or replace it with --replace",
    });
  const folder = join(dirname(out), `.${basename(out)}.building`);
  const unlock = await lockFolder(folder, `building ${basename(out)}`);
  let done = false;
  for (const name of await readdir(folder)) if (name !== ".lock") await rm(join(folder, name), { recursive: true });
  return {
    folder,
    publish: async () => {
      await syncFolder(folder);
      await unlock();
      const old = `${folder}.old`;
      await rm(old, { recursive: true, force: true });
      if (replace) {
        await rename(out, old).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "ENOENT") throw error;
        });
      }
      await rename(folder, out);
      done = true;
      await syncFolder(dirname(out));
      await rm(old, { recursive: true, force: true });
    },
    discard: async () => {
      if (!done) await rm(folder, { recursive: true, force: true });
    },
  };
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
