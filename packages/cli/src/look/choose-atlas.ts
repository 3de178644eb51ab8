import { readdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { existsSync } from "node:fs";
import { LexiscopeError, resolveRef, shelf } from "@lexiscope/core";

/** The atlas that a command works with: the one named (on the shelf, or a path), or the only one there is. */
export async function chooseAtlas(ref: string | undefined): Promise<{ name: string; path: string }> {
  const names = await atlasNames();
  if (ref === undefined) {
    const [only, ...others] = names;
    if (only !== undefined && others.length === 0) return { name: only, path: resolveRef("atlases", only) };
    if (only === undefined)
      throw new LexiscopeError("not_found", "there is no atlas yet", { field: "atlas", hint: "`lexiscope start` makes the first one" });
    throw new LexiscopeError("invalid_input", `there are several atlases: ${names.join(", ")}`, {
      field: "atlas",
      hint: `name one with --atlas, such as --atlas ${only}`,
    });
  }
  const path = resolveRef("atlases", ref);
  if (!existsSync(path)) {
    throw new LexiscopeError("not_found", `there is no atlas ${JSON.stringify(ref)}`, {
      file: path,
      field: "atlas",
      hint: names.length > 0 ? `there are: ${names.join(", ")}` : "`lexiscope start` makes the first one",
    });
  }
  return { name: path === ref ? basename(resolve(path)) : ref, path };
}

/** `atlas/12`, a path to an atlas with `/12` behind it, or `12` alone. */
export function parseFeatureRef(text: string, atlas: string | undefined): { atlas: string | undefined; index: number } {
  const match = /^(?:(.+)\/)?(\d{1,10})$/.exec(text.trim());
  if (!match || (match[1] !== undefined && atlas !== undefined && match[1] !== atlas)) {
    const problem = match ? `${text} names another atlas than --atlas ${atlas}` : `${JSON.stringify(text)} is no feature`;
    throw new LexiscopeError("invalid_input", problem, {
      field: "feature",
      hint: "write atlas/12, or 12 for the only atlas or the one named with --atlas",
    });
  }
  return { atlas: match[1] ?? atlas, index: Number(match[2]) };
}

/** Atlases on the shelf that are finished, in order of name. */
async function atlasNames(): Promise<string[]> {
  const folder = shelf("atlases");
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return entries.filter((name) => !name.startsWith(".") && existsSync(`${folder}/${name}/manifest.json`)).toSorted();
}
