import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { createRandom } from "@lexiscope/core";
import { readText, splitText, type TextSplit } from "@lexiscope/formats";
import type { Document, TextSource } from "../types.ts";

/** Names of files that are read as plain text in a folder. */
export const isTextFile = (name: string): boolean => /\.(txt|md)(\.gz|\.zst)?$|\.gz$/i.test(name) && !isJsonlFile(name);

export const isJsonlFile = (name: string): boolean => /\.(jsonl|ndjson)(\.gz|\.zst)?$/i.test(name);

/**
 * Plain-text files as documents: one a file, or cut by lines, blocks or a separator. Of several files each is a work,
 * however it is cut, so that none is partly held out; a single one is cut into works, for something to be held out.
 */
export function fileSource(name: string, paths: readonly string[], options: { split: TextSplit; weight?: number }): TextSource {
  return {
    name,
    weight: options.weight ?? 1,
    licence: undefined,
    async *documents(signal): AsyncIterable<Document> {
      for (const [number, path] of paths.entries()) {
        const { text, replaced } = await readText(path, signal);
        const parts = splitText(text, options.split);
        // Numbered, not named: the same folder elsewhere gives the same plan.
        const work = paths.length > 1 && options.split !== "file" ? { work: `file ${number}` } : {};
        for (const [i, part] of parts.entries()) yield { text: part, source: name, ...work, replaced: i === 0 ? replaced : 0 };
      }
    },
  };
}

/**
 * Files below a folder that `wants` accepts, hidden ones left out, in an order that is scrambled the same way each time:
 * a small budget sees all of the folder.
 */
export async function filesBelow(folder: string, wants: (name: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const hidden = path
      .slice(folder.length)
      .split(/[/\\]/)
      .some((part) => part.startsWith("."));
    if (entry.isFile() && !hidden && wants(basename(path))) found.push(path);
  }
  return createRandom(1).shuffle(found.sort());
}
