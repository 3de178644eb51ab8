import { link, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import {
  asDiskError,
  formatBytes,
  freeBytes,
  LexiscopeError,
  makeFolder,
  RateMeter,
  readJson,
  syncFolder,
  throwIfAborted,
  writeFileAtomic,
  type ProgressEvent,
} from "@lexiscope/core";
import { readSafetensorsIndex } from "@lexiscope/formats";
import { HfConfig } from "../hf-config.ts";
import { llamaFromConfig } from "../llama-hf.ts";
import { waitForLock } from "../wait-for-lock.ts";
import { findCachedModel, hubCacheFolder, repositoryFolder, type CachedModel } from "./cache.ts";
import { chooseFiles, chooseWeights } from "./choose-files.ts";
import { listHubFiles, resolveRevision, type HubFile, type HubQuery } from "./listing.ts";
import type { HubRef } from "./ref.ts";
import { defaultPatience, type Patience } from "./request.ts";
import { hubSettings } from "./settings.ts";
import { bytesHere, transferFile } from "./transfer.ts";

/** Left free on the disk, for everything else that happens meanwhile. */
const spareBytes = 100e6;
const reportEveryMs = 100;

export interface HubFetchOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((event: ProgressEvent) => void) | undefined;
  patience?: Patience;
}

/** A model's files on the way from one commit into the cache. */
interface Fetching extends HubQuery {
  commit: string;
  repository: string;
  onProgress: HubFetchOptions["onProgress"];
}

/**
 * Brings a model from the hub into the Hugging Face cache, where Python's tools find it too: only the files that
 * opening needs, each checked by its hash; what is here already is not fetched again, also of a file that was broken off.
 */
export async function fetchFromHub(name: string, ref: HubRef, options: HubFetchOptions = {}): Promise<CachedModel> {
  try {
    return await fetchLocked(name, ref, options);
  } catch (error) {
    throw aboutTheCache(error);
  }
}

async function fetchLocked(name: string, ref: HubRef, options: HubFetchOptions): Promise<CachedModel> {
  const { signal, onProgress, patience = defaultPatience } = options;
  const query = { hub: await hubSettings(), repo: ref.repo, patience, signal };
  const repository = repositoryFolder(ref.repo);
  const waiting = (message: string): void => onProgress?.({ phase: "download", done: 0, total: 0, unit: "bytes", rate: 0, message });
  const unlock = await waitForLock(join(hubCacheFolder(), ".locks", `models--${ref.repo.replace("/", "--")}`), {
    purpose: `getting ${ref.repo}`,
    signal,
    onWait: waiting,
  });
  try {
    const meanwhile = await findCachedModel(name); // another process may have brought it
    if (meanwhile.kind !== undefined) return meanwhile;
    const revision = ref.revision ?? "main";
    const commit = /^[0-9a-f]{40}$/.test(revision) ? revision : await resolveRevision(query, revision);
    for (const part of [join("snapshots", commit), "refs"]) await removeTemporary(join(repository, part));
    const fetching = { ...query, commit, repository, onProgress };
    // Before its files, as Hugging Face's tools do: when these are whole nobody comes here again.
    if (revision !== commit) await writeFileAtomic(join(repository, "refs", revision), commit);
    return await fetchCommit(fetching, ref);
  } finally {
    await unlock();
  }
}

/** Removes what killed processes left under names of ours; another's files stay. */
async function removeTemporary(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true }).catch((): string[] => []))
    if (/\.\d+(\.[0-9a-f]{8})?\.tmp$/.test(name)) await rm(join(folder, name), { force: true });
}

/** The hint of a disk error names the variables that move this cache. */
function aboutTheCache(error: unknown): unknown {
  if (!(error instanceof LexiscopeError) || error.code !== "environment" || !error.file?.startsWith(hubCacheFolder())) return error;
  return new LexiscopeError("environment", error.message, {
    file: error.file,
    hint: "free some space or change the folder's permissions, or let HF_HUB_CACHE name a folder on another disk; what is here is kept",
    cause: error,
  });
}

async function fetchCommit(fetching: Fetching, ref: HubRef): Promise<CachedModel> {
  const snapshot = join(fetching.repository, "snapshots", fetching.commit);
  const folder = ref.file?.includes("/") ? ref.file.slice(0, ref.file.lastIndexOf("/")) : "";
  const listed = await listHubFiles(fetching, fetching.commit, { folder, recursive: ref.quant !== undefined });
  const chosen = chooseFiles(ref, listed);
  for (const folder of [join(fetching.repository, "blobs"), snapshot]) await makeFolder(folder);
  if (chosen.kind === "gguf") {
    await fetchFiles(fetching, [chosen.file], ref);
    return { kind: "gguf", path: join(snapshot, ...chosen.file.path.split("/")) };
  }
  // First what tells whether the rest is worth getting, and how much it is.
  const telling = chosen.small.filter(({ path }) => path === "config.json" || path.endsWith(".index.json"));
  await fetchFiles({ ...fetching, onProgress: undefined }, telling, ref);
  const config = join(snapshot, "config.json");
  llamaFromConfig(new HfConfig(config, await readJson(config)));
  const names = chosen.sharded ? (await readSafetensorsIndex(join(snapshot, "model.safetensors.index.json"))).files : ["model.safetensors"];
  const rest = chosen.small.filter((file) => !telling.includes(file));
  await fetchFiles(fetching, [...rest, ...chooseWeights(ref, listed, names)], ref);
  return { kind: "folder", path: snapshot };
}

/** Fetches files one after the other and puts each into the snapshot when it is whole. */
async function fetchFiles(fetching: Fetching, files: readonly HubFile[], ref: HubRef): Promise<void> {
  const { hub, commit, repository, signal, onProgress } = fetching;
  const blobOf = ({ hash }: HubFile): string => join(repository, "blobs", hash.hex);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const hereOf = new Map<HubFile, number>();
  for (const file of files) hereOf.set(file, await bytesHere(blobOf(file), file.bytes));
  const here = [...hereOf.values()].reduce((sum, bytes) => sum + bytes, 0);
  const free = await freeBytes(repository);
  if (free < total - here + spareBytes)
    throw new LexiscopeError(
      "environment",
      `${ref.repo} needs ${formatBytes(total - here + spareBytes)} on the disk of ${repository}; ${formatBytes(free)} are free`,
      { file: repository },
    );
  const meter = new RateMeter();
  let finished = 0;
  let last = Number.NEGATIVE_INFINITY;
  const report = (bytes: number, message: string): void => {
    const now = performance.now();
    if (finished + bytes < total && now - last < reportEveryMs) return;
    last = now;
    const done = finished + bytes;
    const during = done > here && done < total; // a message at the end would be kept on the screen
    onProgress?.({ phase: "download", done, total, unit: "bytes", rate: meter.update(done), ...(during ? { message } : {}) });
  };
  const kept = here > 0 ? `, ${formatBytes(here)} of them here already` : "";
  const count = `${files.length} ${files.length === 1 ? "file" : "files"}`;
  onProgress?.({
    phase: "download",
    done: here,
    total,
    unit: "bytes",
    rate: meter.update(here),
    message: `${ref.repo} at ${commit.slice(0, 12)} from ${hub.endpoint}: ${count}, ${formatBytes(total)}${kept}, into ${repository}`,
  });
  let later = here; // what is here of the files to come counts from the start, so that the bar does not run backwards
  for (const file of files) {
    throwIfAborted(signal);
    later -= hereOf.get(file) ?? 0;
    await transferFile({ ...fetching, file, blob: blobOf(file), onBytes: (bytes) => report(bytes + later, file.path) });
    await putIntoSnapshot(blobOf(file), join(repository, "snapshots", commit, ...file.path.split("/")));
    finished += file.bytes;
  }
}

/** A relative link, as Hugging Face's tools make it; a hard link where the system allows no symbolic ones. */
async function putIntoSnapshot(blob: string, path: string): Promise<void> {
  await makeFolder(dirname(path));
  const target = relative(dirname(path), blob);
  if ((await readlink(path).catch(() => undefined)) === target) return;
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await rm(temporary, { force: true });
    await symlink(target, temporary).catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
      await link(blob, temporary);
    });
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asDiskError(error, path);
  }
}
