import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isLexiscopeError } from "@lexiscope/core";
import { readSafetensorsIndex } from "@lexiscope/formats";
import { parseHubRef, type HubRef } from "./ref.ts";
import { hubHome } from "./settings.ts";

/** The folder in which Hugging Face's own tools keep what they downloaded. */
export function hubCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env["HF_HUB_CACHE"] || env["HUGGINGFACE_HUB_CACHE"] || join(hubHome(env), "hub");
}

/** The folder of one repository in the cache. */
export function repositoryFolder(repo: string, env: NodeJS.ProcessEnv = process.env): string {
  return join(hubCacheFolder(env), `models--${repo.replace("/", "--")}`);
}

/** The snapshot folder of `org/name` (or `name`), `@revision` optional; undefined when it is not there. */
export async function findInHubCache(ref: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const parsed = parseHubRef(ref);
  if (!parsed) return undefined;
  const repository = repositoryFolder(parsed.repo, env);
  const revision = parsed.revision ?? "main";
  const snapshots = await readdir(join(repository, "snapshots")).catch((): string[] => []);
  const commit = snapshots.includes(revision)
    ? revision
    : (await readFile(join(repository, "refs", revision), "utf8").catch(() => "")).trim();
  const chosen = snapshots.includes(commit) ? commit : parsed.revision === undefined && snapshots.length === 1 ? snapshots[0] : undefined;
  return chosen === undefined ? undefined : join(repository, "snapshots", chosen);
}

/** A model in the cache: where it lies, or what its snapshot lacks. */
export type CachedModel =
  | { kind: "gguf" | "folder"; path: string; lacks?: undefined }
  | { kind?: undefined; path?: undefined; lacks: string | undefined };

/** Looks whether all that opening needs is in the cache: a download that was broken off, here or in Python, is not. */
export async function findCachedModel(ref: string, env: NodeJS.ProcessEnv = process.env): Promise<CachedModel> {
  const parsed = parseHubRef(ref);
  const snapshot = await findInHubCache(ref, env);
  if (!parsed || snapshot === undefined) return { lacks: undefined };
  if (parsed.file !== undefined) {
    const path = join(snapshot, parsed.file);
    return (await isFile(path)) ? { kind: "gguf", path } : { lacks: parsed.file };
  }
  const ggufs = await filesThatAre(
    snapshot,
    (await readdir(snapshot, { recursive: true })).filter((name) => matchesQuant(name, parsed)),
  );
  const [only] = ggufs;
  if (parsed.quant !== undefined)
    return only !== undefined && ggufs.length === 1
      ? { kind: "gguf", path: join(snapshot, only) }
      : { lacks: `one file *${parsed.quant}.gguf` };
  const lacks = await lackingIn(snapshot);
  if (lacks === undefined) return { kind: "folder", path: snapshot };
  const inRoot = ggufs.filter((name) => !/[/\\]/.test(name));
  return inRoot.length === 1 && inRoot[0] !== undefined && !(await isFile(join(snapshot, "config.json")))
    ? { kind: "gguf", path: join(snapshot, inRoot[0]) }
    : { lacks };
}

/** Whether a file's name is that of a GGUF file, of the quantisation that the name asks for if it does. */
export function matchesQuant(path: string, { quant }: Pick<HubRef, "quant">): boolean {
  const lower = path.toLowerCase();
  if (quant === undefined) return lower.endsWith(".gguf");
  const end = `${quant.toLowerCase()}.gguf`;
  return lower.endsWith(end) && /^$|[-._/\\]$/.test(lower.slice(0, -end.length));
}

/** The first file that a model's folder needs and has not. */
async function lackingIn(folder: string): Promise<string | undefined> {
  const index = join(folder, "model.safetensors.index.json");
  let weights = ["model.safetensors"];
  try {
    if (await isFile(index)) weights = (await readSafetensorsIndex(index)).files;
  } catch (error) {
    if (!isLexiscopeError(error)) throw error; // a damaged index is named when the folder is opened
  }
  for (const name of ["config.json", "tokenizer.json", ...weights]) if (!(await isFile(join(folder, name)))) return name;
  return undefined;
}

async function filesThatAre(folder: string, names: readonly string[]): Promise<string[]> {
  const there = await Promise.all(names.map((name) => isFile(join(folder, name))));
  return names.filter((_, i) => there[i]);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
