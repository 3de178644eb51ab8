import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Atlas, type Overlay, atlasIdentity, openAtlas, openOverlay } from "@lexiscope/atlas";
import { type AtlasEntry, activationOf, atlasManifestSchema, readManifest, shelfNameSchema } from "@lexiscope/contract";
import { LexiscopeError, isHeld, isLexiscopeError, whenFree } from "@lexiscope/core";
import type { Logger } from "pino";
import { toFailure } from "../problem.ts";
import { withoutHeldNames } from "./held-names.ts";

/** How long a request waits for another process that writes names and lists. */
const patienceMs = 5000;
/** How long one waits that can do without names. */
const namesPatienceMs = 250;
/** Atlases open at a time: each holds its columns and some contexts in memory. */
const maxOpen = 8;

/** An atlas as requests see it. Valid inside of `use` only. */
export interface ServedAtlas {
  /** Its name on the shelf. */
  id: string;
  atlas: Atlas;
  /** Names, notes and lists of people's own. */
  overlay: Overlay;
  /** Changes when the folder is replaced. */
  stamp: string;
}

/** The atlases on the shelf, opened when first asked for, opened anew when the folder has been replaced. */
export interface AtlasRegistry {
  /** Every atlas by name; a broken one says what is wrong with it. */
  list(): Promise<AtlasEntry[]>;
  /**
   * Runs `work` with an atlas that stays open until it is done. When the folder was replaced under it, it runs once
   * more with the new one, so it must bear that; so it does when another process holds the names and lists, until they
   * are free. Errors: `not_found`, `bad_file`, `busy`.
   */
  use<T>(id: string, work: (served: ServedAtlas) => T | Promise<T>, options?: UseOptions): Promise<T>;
  close(): Promise<void>;
}

export interface UseOptions {
  /** `if free`: what is shown goes without names soon, when another process holds them. */
  names?: "needed" | "if free" | undefined;
}

type Described = Omit<AtlasEntry, "opening">;

interface Slot {
  stamp: string;
  opening: Promise<ServedAtlas>;
  users: number;
  retired: boolean;
}

export function createAtlasRegistry({ home, logger }: { home: string; logger: Logger }): AtlasRegistry {
  const shelf = join(home, "atlases");
  const slots = new Map<string, Slot>();
  const summaries = new Map<string, { stamp: string; entry: Described }>();
  const opening = new Set<string>();

  const stampOf = async (id: string): Promise<string | undefined> => {
    const found = await stat(join(shelf, id, "manifest.json")).catch(() => undefined);
    return found && `${found.dev}-${found.ino}-${found.mtimeMs}-${found.size}`;
  };

  async function acquire(id: string): Promise<Slot> {
    const stamp = shelfNameSchema.safeParse(id).success ? await stampOf(id) : undefined;
    const known = slots.get(id);
    if (known && known.stamp !== stamp) {
      slots.delete(id);
      retire(known);
    }
    if (stamp === undefined) throw await noAtlas(id);
    const slot = slots.get(id) ?? { stamp, opening: open(id, stamp), users: 0, retired: false };
    slots.delete(id); // the latest used goes to the end
    slots.set(id, slot);
    slot.users++;
    for (const [other, old] of slots) {
      if (slots.size <= maxOpen) break;
      if (old === slot) continue;
      slots.delete(other);
      retire(old);
    }
    return slot;
  }

  async function open(id: string, stamp: string): Promise<ServedAtlas> {
    const path = join(shelf, id);
    opening.add(path);
    const atlas = await openAtlas(path).finally(() => opening.delete(path));
    if (summaries.get(id)?.entry.error) summaries.delete(id); // it was mended
    try {
      const overlay = openOverlay(path, atlasIdentity(atlas.manifest), {
        features: atlas.manifest.dictionary.features,
        name: id,
        patience: 0, // `use` waits, without holding up others
      });
      return { id, atlas, overlay, stamp };
    } catch (error) {
      atlas.close();
      throw error;
    }
  }

  async function noAtlas(id: string): Promise<LexiscopeError> {
    const there = await names();
    return new LexiscopeError("not_found", `there is no atlas ${JSON.stringify(id.slice(0, 200))}`, {
      field: "atlas",
      hint: there.length === 0 ? "make the first with `lexiscope start`" : `there are: ${there.slice(0, 20).join(", ")}`,
    });
  }

  function retire(slot: Slot): void {
    slot.retired = true;
    if (slot.users === 0) void shut(slot);
  }

  function release(slot: Slot): void {
    slot.users--;
    if (slot.retired && slot.users === 0) void shut(slot);
  }

  async function shut({ opening }: Slot): Promise<void> {
    const served = await opening.catch(() => undefined);
    served?.atlas.close();
    served?.overlay.close();
  }

  async function names(): Promise<string[]> {
    const entries = await readdir(shelf, { withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && shelfNameSchema.safeParse(entry.name).success)
      .map(({ name }) => name)
      .toSorted();
  }

  /** Reads the manifest alone. */
  async function entryOf(id: string): Promise<AtlasEntry | undefined> {
    const stamp = (await stampOf(id)) ?? "";
    const known = summaries.get(id);
    const entry = known?.stamp === stamp ? known.entry : await describe(join(shelf, id), id);
    if (entry) summaries.set(id, { stamp, entry });
    return entry && { ...entry, opening: opening.has(join(shelf, id)) };
  }

  return {
    list: async () => {
      const entries = await Promise.all((await names()).map(entryOf));
      return entries.filter((entry) => entry !== undefined);
    },
    use: async (id, work, { names: wanted = "needed" } = {}) => {
      for (let again = false; ; again = true) {
        const slot = await acquire(id);
        try {
          return await patiently(await slot.opening, work, wanted);
        } catch (error) {
          if (slots.get(id) === slot && !(await opened(slot))) {
            slots.delete(id); // the next one tries anew
            slot.retired = true;
            // What only opening it shows is told in the list, too.
            summaries.set(id, { stamp: slot.stamp, entry: { id, summary: null, error: toFailure(error).error } });
          }
          if (again || !isDamage(error) || (await stampOf(id)) === slot.stamp) throw error;
          logger.info({ atlas: id }, "atlas was replaced while it was read");
        } finally {
          release(slot);
        }
      }
    },
    close: async () => {
      const open = [...slots.values()];
      slots.clear();
      for (const slot of open) retire(slot);
      await Promise.allSettled(open.map(({ opening }) => opening));
    },
  };
}

async function patiently<T>(served: ServedAtlas, work: (served: ServedAtlas) => T | Promise<T>, names: "needed" | "if free"): Promise<T> {
  const { path } = served.overlay;
  if (names === "needed") return whenFree(path, patienceMs, () => work(served));
  try {
    return await whenFree(path, namesPatienceMs, () => work(served));
  } catch (error) {
    if (!isHeld(error, path)) throw error;
    // What is no name, as the members of a list, is waited for all the same.
    const nameless = { ...served, overlay: withoutHeldNames(served.overlay) };
    return whenFree(path, patienceMs - namesPatienceMs, () => work(nameless));
  }
}

async function opened({ opening }: Slot): Promise<boolean> {
  return opening.then(
    () => true,
    () => false,
  );
}

/** Whether the files themselves may be at fault, not what was asked for. */
function isDamage(error: unknown): boolean {
  return !isLexiscopeError(error) || error.code === "bad_file" || error.code === "not_found" || error.code === "internal";
}

async function describe(path: string, id: string): Promise<Described | undefined> {
  try {
    const { dictionary, index } = await readManifest(join(path, "manifest.json"), atlasManifestSchema);
    const { model, site, features, metrics } = dictionary;
    return {
      id,
      summary: {
        model: model.name,
        weightsHash: model.weightsHash,
        site,
        features,
        alive: index.alive,
        k: activationOf(dictionary).k,
        tokens: index.tokens,
        fvu: metrics.fvu,
      },
      error: null,
    };
  } catch (error) {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isDirectory()) return undefined; // removed meanwhile
    const failure = isLexiscopeError(error) && error.code === "not_found" ? withoutManifest(path) : error;
    return { id, summary: null, error: toFailure(failure).error };
  }
}

function withoutManifest(path: string): LexiscopeError {
  return new LexiscopeError("bad_file", "the folder has no manifest.json", {
    file: path,
    hint: "it is not finished, or no atlas: build it again or remove it",
  });
}
