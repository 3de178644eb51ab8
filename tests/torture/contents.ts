import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { basename, join, relative } from "node:path";

/** Every file, folder and link below a folder, by its path; files as SHA-256. */
export type Contents = Map<string, string>;

/**
 * The contents of a folder but for how long things took: `seconds` of a manifest (its own and its index's) and
 * `tokensPerSecond` in `metrics.jsonl`. Nothing else is left out.
 */
export async function contentsOf(root: string): Promise<Contents> {
  const found: Contents = new Map();
  const walk = async (folder: string): Promise<void> => {
    for (const name of (await readdir(folder)).toSorted()) {
      const path = join(folder, name);
      const info = await lstat(path);
      const key = relative(root, path);
      if (info.isSymbolicLink()) found.set(key, `link to ${await readlink(path)}`);
      else if (info.isDirectory()) {
        found.set(key, "folder");
        await walk(path);
      } else
        found.set(
          key,
          createHash("sha256")
            .update(withoutTimes(name, await readFile(path)))
            .digest("hex"),
        );
    }
  };
  await walk(root);
  return found;
}

/** Paths at which two folders differ, each with what is there. */
export function differences(found: Contents, expected: Contents): string[] {
  const show = (value: string | undefined): string => value?.slice(0, 16) ?? "nothing";
  return [...new Set([...found.keys(), ...expected.keys()])]
    .filter((path) => found.get(path) !== expected.get(path))
    .map((path) => `${path}: ${show(found.get(path))}, not ${show(expected.get(path))}`);
}

function withoutTimes(name: string, bytes: Buffer): Buffer | string {
  const text = (): string => bytes.toString("utf8");
  if (basename(name) === "metrics.jsonl") return text().replaceAll(/"tokensPerSecond":[-\d.e+]+/g, "");
  if (basename(name) === "manifest.json") return text().replaceAll(/^ +"seconds": [-\d.e+]+,?$/gm, "");
  return bytes;
}
