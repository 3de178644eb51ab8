import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { LexiscopeError, shelf } from "@lexiscope/core";
import { builtInModel, checkBuiltIn, fetchBuiltIn, builtInPath, type FetchOptions } from "./built-in.ts";
import { findCachedModel } from "./hub/cache.ts";
import { fetchFromHub } from "./hub/fetch-model.ts";
import { parseHubRef } from "./hub/ref.ts";
import { offlineVariable } from "./hub/settings.ts";

/** Where a model lies: one GGUF file, or a Hugging Face folder. */
export interface ModelPlace {
  kind: "gguf" | "folder";
  path: string;
  name?: string;
}

/**
 * Finds a model by what a person calls it: the built-in's name, a path, a name on the models shelf, or the name of a
 * model on a hub (`org/name`, `org/name@revision`, `org/name/file.gguf`, `org/name:Q8_0`). What is in the Hugging Face
 * cache is taken from there without asking the hub; the rest is downloaded into it.
 */
export async function resolveModel(ref: string, options: FetchOptions = {}): Promise<ModelPlace> {
  if (ref === builtInModel.name) {
    const path = await fetchBuiltIn({ ...options, offline: options.offline || offlineVariable() === "LEXISCOPE_OFFLINE" });
    await checkBuiltIn(path, options.signal); // a tenth of a second, and no damaged weights go unseen
    return { kind: "gguf", path, name: builtInModel.name };
  }
  const onShelf = /[/\\]/.test(ref) ? [] : [join(shelf("models"), ref), join(shelf("models"), `${ref}.gguf`)];
  for (const path of [ref, ...onShelf]) {
    const place = ref === "" ? undefined : await placeAt(path);
    if (place) return place;
  }
  const onHub = parseHubRef(ref);
  const cached = await findCachedModel(ref);
  const fetchable = cached.kind === undefined && onHub?.repo.includes("/") ? onHub : undefined; // a bare name is too easily a slip
  const forbidden = fetchable && (options.offline ? "--offline" : offlineVariable());
  const found = fetchable && forbidden === undefined ? await fetchFromHub(ref, fetchable, options) : cached;
  if (found.kind !== undefined) return { kind: found.kind, path: found.path, name: ref };
  const lacks = found.lacks === undefined ? "" : `: the Hugging Face cache has it without ${found.lacks}`;
  const how = forbidden === undefined ? "" : ` (${forbidden} forbids to get it: run once without)`;
  throw new LexiscopeError("not_found", `there is no model ${JSON.stringify(ref)}${lacks}`, {
    field: "model",
    hint: `name ${builtInModel.name} (built in), a .gguf file, a Hugging Face folder, or a model on a hub as org/name${how}; \`--model\` takes any of them`,
  });
}

/** The built-in model's path if it is already here. */
export async function builtInIfPresent(): Promise<string | undefined> {
  const found = await stat(builtInPath()).catch(() => undefined);
  return found?.isFile() ? builtInPath() : undefined;
}

async function placeAt(path: string): Promise<ModelPlace | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  if (found.isFile()) {
    if (/\.gguf$/i.test(path)) return { kind: "gguf", path };
    throw new LexiscopeError("unsupported", `${path} is no model file that is known`, {
      file: path,
      hint: "name a .gguf file, or the folder that holds config.json and the safetensors",
    });
  }
  if (!found.isDirectory()) throw new LexiscopeError("invalid_input", `${path} is neither a file nor a folder`, { file: path });
  const names = await readdir(path);
  if (names.includes("config.json")) return { kind: "folder", path };
  const ggufs = names.filter((name) => /\.gguf$/i.test(name));
  if (ggufs.length === 1 && ggufs[0] !== undefined) return { kind: "gguf", path: join(path, ggufs[0]) };
  throw new LexiscopeError(
    "invalid_input",
    ggufs.length > 1
      ? `${path} holds ${ggufs.length} GGUF files: ${ggufs.slice(0, 5).join(", ")}`
      : `${path} holds neither config.json nor a .gguf file`,
    { file: path, hint: ggufs.length > 1 ? "name one of them" : "name a model's folder or file" },
  );
}
