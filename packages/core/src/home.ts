import { homedir } from "node:os";
import { join } from "node:path";
import { LexiscopeError } from "./errors.ts";

/** Kinds of things that Lexiscope keeps; each has a folder of its own in the home. */
export type Shelf = "models" | "text" | "stores" | "dictionaries" | "atlases";

/** The folder that holds everything: `LEXISCOPE_HOME`, else `lexiscope` in the user's cache folder. */
export function lexiscopeHome(env: NodeJS.ProcessEnv = process.env): string {
  if (env["LEXISCOPE_HOME"]) return env["LEXISCOPE_HOME"];
  if (env["XDG_CACHE_HOME"]) return join(env["XDG_CACHE_HOME"], "lexiscope");
  if (process.platform === "win32" && env["LOCALAPPDATA"]) return join(env["LOCALAPPDATA"], "lexiscope");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "lexiscope");
  return join(homedir(), ".cache", "lexiscope");
}

export function shelf(kind: Shelf): string {
  return join(lexiscopeHome(), kind);
}

/** Where a thing named `ref` lives: a name (no separator) on its shelf, anything else is a path. */
export function resolveRef(kind: Shelf, ref: string): string {
  if (ref.trim() === "") throw new LexiscopeError("invalid_input", "the name is empty", { field: kind, hint: "give a name, or a path" });
  return /[/\\]/.test(ref) || ref === "." || ref === ".." ? ref : join(shelf(kind), ref);
}
