import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { LexiscopeError, shelf } from "@lexiscope/core";

const words = {
  stores: { one: "store", make: "lexiscope harvest" },
  dictionaries: { one: "dictionary", make: "lexiscope train" },
} as const;

/** The store or dictionary named, or the only finished one on its shelf. */
export async function choose(kind: keyof typeof words, ref: string | undefined): Promise<string> {
  if (ref !== undefined) return ref;
  const { one, make } = words[kind];
  const names = await readdir(shelf(kind)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const finished = names.filter((name) => !name.startsWith(".") && existsSync(join(shelf(kind), name, "manifest.json"))).toSorted();
  const [only, ...others] = finished;
  if (only === undefined)
    throw new LexiscopeError("not_found", `there is no ${one} yet`, { field: `--${one}`, hint: `\`${make}\` makes one` });
  if (others.length > 0)
    throw new LexiscopeError("invalid_input", `there are several of kind ${one}: ${finished.join(", ")}`, {
      field: `--${one}`,
      hint: `name one, such as --${one} ${only}`,
    });
  return only;
}
