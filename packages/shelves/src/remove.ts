import type { ShelfItem } from "@lexiscope/contract";
import { asDiskError, isLexiscopeError, lexiscopeHome, lockFolder, refuseWhileRead } from "@lexiscope/core";
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

/** Hidden under this ending, so that nobody takes it for a thing of its name. */
const removed = ".removed";
const purpose = "lexiscope remove";

/**
 * Deletes what `listShelves` shows. Refuses what is being written (its writer holds its lock) or read by a training or the
 * building of an atlas. It is moved aside in one step and deleted there: a kill leaves no half of it under its name, and
 * what lies aside goes with the next removal from that shelf.
 */
export async function removeItem({ kind, path }: Pick<ShelfItem, "kind" | "path">): Promise<void> {
  if (kind === "model" || kind === "text") {
    await rm(path, { recursive: true, force: true });
    return;
  }
  const release = await lockFolder(path, purpose);
  const aside = asideOf(path);
  try {
    await refuseWhileRead(path);
    await sweep(path);
    await rename(path, aside); // with the lock in it
  } catch (error) {
    await release();
    throw asDiskError(error, path);
  }
  try {
    await refuseWhileRead(aside); // who came in between looked at it under its old name
  } catch (error) {
    await rename(aside, path);
    await release();
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

const asideOf = (path: string): string => join(dirname(path), `.${basename(path)}${removed}`);

/** Deletes what removals that were killed left beside `path`; in a folder of the user's own only what had this name. */
async function sweep(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const ours = dirname(folder) === resolve(lexiscopeHome());
  for (const name of await readdir(folder)) {
    if (name !== basename(asideOf(path)) && !(ours && name.startsWith(".") && name.endsWith(removed))) continue;
    try {
      await lockFolder(join(folder, name), purpose);
    } catch (error) {
      if (isLexiscopeError(error) && error.code === "busy") continue;
      throw error;
    }
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
