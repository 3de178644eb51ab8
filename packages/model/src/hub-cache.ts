import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** The folder in which Hugging Face's own tools keep what they downloaded. */
export function hubCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env["HF_HUB_CACHE"]) return env["HF_HUB_CACHE"];
  if (env["HUGGINGFACE_HUB_CACHE"]) return env["HUGGINGFACE_HUB_CACHE"];
  if (env["HF_HOME"]) return join(env["HF_HOME"], "hub");
  return join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "huggingface", "hub");
}

/** The snapshot folder of `org/name` (or `name`), `@revision` optional; undefined when it is not there. */
export async function findInHubCache(ref: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const match = /^([\w.-]+(?:\/[\w.-]+)?)(?:@([\w./-]+))?$/.exec(ref);
  if (!match?.[1] || ref.split(/[/@]/).includes("..")) return undefined;
  const repository = join(hubCacheFolder(env), `models--${match[1].replace("/", "--")}`);
  const revision = match[2] ?? "main";
  const snapshots = await readdir(join(repository, "snapshots")).catch((): string[] => []);
  const commit = snapshots.includes(revision)
    ? revision
    : (await readFile(join(repository, "refs", revision), "utf8").catch(() => "")).trim();
  const chosen = snapshots.includes(commit) ? commit : match[2] === undefined && snapshots.length === 1 ? snapshots[0] : undefined;
  return chosen === undefined ? undefined : join(repository, "snapshots", chosen);
}
