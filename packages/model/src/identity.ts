import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readJson, sha256File, shelf, writeJsonAtomic } from "@lexiscope/core";

/** Hashes of one model's files. */
export interface FileHashes {
  weightsHash: string;
  fileHash: string | null;
}

/** Entries kept; older ones are dropped. A hash costs seconds, an entry 300 bytes. */
const maxEntries = 1000;

/** What a set of files is remembered by: paths, sizes and times of change. */
export async function filesKey(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return `${resolve(file)}|${size}|${mtimeMs}`;
    }),
  );
  return parts.join("\n");
}

/** The hashes of these files: remembered, or computed by `weightsHash` and remembered. `weightsHash` runs only when needed. */
export async function rememberedHashes(
  files: readonly string[],
  weightsHash: () => Promise<string>,
  signal?: AbortSignal,
): Promise<FileHashes> {
  const key = await filesKey(files);
  const known = (await readMemory())[key];
  if (known) return known;
  const [only, ...others] = files;
  const hashes = {
    weightsHash: await weightsHash(),
    fileHash: only === undefined || others.length > 0 ? null : await sha256File(only, signal),
  };
  if ((await filesKey(files)) === key) {
    const entries = Object.entries({ ...(await readMemory()), [key]: hashes });
    await writeJsonAtomic(memoryPath(), Object.fromEntries(entries.slice(-maxEntries))).catch(() => {}); // a home that cannot be written costs time, not the answer
  }
  return hashes;
}

/** A dot file, so that it is not taken for a model. */
function memoryPath(): string {
  return join(shelf("models"), ".identities.json");
}

async function readMemory(): Promise<Record<string, FileHashes>> {
  if (!existsSync(memoryPath())) return {};
  const json: unknown = await readJson(memoryPath()).catch(() => ({})); // a damaged memory is no memory
  const entries = Object.entries(typeof json === "object" && json !== null ? json : {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, FileHashes] => isHash((entry[1] as Partial<FileHashes> | null)?.weightsHash)),
  );
}

function isHash(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
