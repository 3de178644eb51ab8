import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { LexiscopeError, shelf } from "@lexiscope/core";
import { builtInModel, findInHubCache } from "@lexiscope/model";

/** A model that may be asked: its name, and what the worker opens. */
export interface KnownModel {
  id: string;
  ref: string;
  builtIn: boolean;
  /** Seconds since 1970 when its file last changed; 0 when that is not known. */
  created: number;
}

const hubName = /^[\w-][\w.-]*\/[\w-][\w.-]*(@[\w.-]+)?$/;

/** The built-in model and those on the models shelf, in order of name. */
export async function listModels(): Promise<KnownModel[]> {
  const folder = shelf("models");
  const names = await readdir(folder).catch((): string[] => []);
  const found = await Promise.all(
    names
      .filter((name) => !name.startsWith(".") && name !== builtInModel.name)
      .toSorted()
      .map((name) => modelAt(join(folder, name), name)),
  );
  return [
    { id: builtInModel.name, ref: builtInModel.name, builtIn: true, created: await changed(join(folder, builtInModel.name)) },
    ...found.filter((model) => model !== undefined),
  ];
}

/**
 * A model by the name that a client gives it: of {@link listModels}, or `org/name` in the Hugging Face cache. Never a
 * path: who may ask the server may not look around on its disk.
 */
export async function findModel(id: string): Promise<KnownModel> {
  const models = await listModels();
  const listed = models.find((model) => model.id === id);
  if (listed) return listed;
  const cached = hubName.test(id) ? await findInHubCache(id) : undefined;
  if (cached !== undefined) return { id, ref: id, builtIn: false, created: await changed(cached) };
  throw new LexiscopeError("not_found", `there is no model ${JSON.stringify(id)}`, {
    field: "model",
    hint: `there are: ${models.map((model) => model.id).join(", ")}; others go onto the models shelf`,
  });
}

async function modelAt(path: string, name: string): Promise<KnownModel | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found || !(found.isDirectory() || /\.gguf$/i.test(name))) return undefined;
  return { id: name.replace(/\.gguf$/i, ""), ref: path, builtIn: false, created: Math.floor(found.mtimeMs / 1000) };
}

async function changed(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found ? Math.floor(found.mtimeMs / 1000) : 0;
}
