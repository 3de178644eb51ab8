import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Atlas, openAtlas } from "@lexiscope/atlas";

/** Atlases kept open in a worker: each holds a dictionary in native memory. */
const maxAtlases = 2;

export interface AtlasLease {
  atlas: Atlas;
  release(): void;
}

interface Entry {
  stamp: string;
  atlas: Promise<Atlas>;
  users: number;
}

/** Atlases by path, opened once. One that was replaced on disk is opened anew; whoever uses the old one finishes with it. */
export class AtlasCache {
  readonly #entries = new Map<string, Entry>();

  async lease(path: string): Promise<AtlasLease> {
    const stamp = await stampOf(path);
    let entry = this.#entries.get(path);
    if (entry && entry.stamp !== stamp) {
      this.#forget(path, entry);
      entry = undefined;
    }
    entry ??= { stamp, atlas: openAtlas(path), users: 0 };
    this.#entries.delete(path); // the map's order is that of use
    this.#entries.set(path, entry);
    const mine = entry;
    mine.users++;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      mine.users--;
      if (mine.users === 0 && this.#entries.get(path) !== mine) close(mine);
      this.#shrink();
    };
    try {
      return { atlas: await mine.atlas, release };
    } catch (error) {
      if (this.#entries.get(path) === mine) this.#entries.delete(path);
      throw error;
    }
  }

  #shrink(): void {
    for (const [path, entry] of this.#entries) {
      if (this.#entries.size <= maxAtlases) return;
      if (entry.users === 0) this.#forget(path, entry);
    }
  }

  #forget(path: string, entry: Entry): void {
    this.#entries.delete(path);
    if (entry.users === 0) close(entry);
  }
}

function close({ atlas }: Entry): void {
  atlas.then(
    (open) => open.close(),
    () => {},
  );
}

/** What tells one atlas from another that took its place: an atlas is written whole and renamed. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(join(path, "manifest.json"), { bigint: true }).catch(() => undefined);
  return found ? `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}` : "none";
}
