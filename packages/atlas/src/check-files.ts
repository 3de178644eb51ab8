import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readManifest, atlasManifestSchema, type AtlasManifest } from "@lexiscope/contract";
import { LexiscopeError, sha256File, throwIfAborted } from "@lexiscope/core";
import { atlasFiles } from "./layout.ts";
import { isAside } from "./staging.ts";

/** Reads an atlas's manifest and checks that every file it names is there with its size. */
export async function readAtlasManifest(folder: string): Promise<AtlasManifest> {
  const manifest = await readManifest(join(folder, atlasFiles.manifest), atlasManifestSchema).catch(async (error: unknown) => {
    if (error instanceof LexiscopeError && error.code === "not_found")
      throw new LexiscopeError("not_found", `${folder} is no atlas`, {
        file: folder,
        hint: (await isAside(folder))
          ? "a build was cut short while it replaced this atlas, which is safe: run the same `lexiscope index --replace` again"
          : "make one with `lexiscope index`, or run `lexiscope start`; `lexiscope list` shows what there is",
        cause: error,
      });
    throw error;
  });
  for (const { file, bytes } of manifest.files) {
    const path = insideOf(folder, file);
    const size = await stat(path).then(
      (info) => info.size,
      () => undefined,
    );
    if (size !== bytes)
      throw new LexiscopeError(
        "bad_file",
        size === undefined ? `${path} is missing` : `${path} has ${size} bytes; the manifest says ${bytes}`,
        { file: path, hint: "the atlas is incomplete; copy or build it again" },
      );
  }
  return manifest;
}

/** Compares a file with its hash in the manifest. */
export async function checkHash(folder: string, manifest: AtlasManifest, name: string, signal?: AbortSignal): Promise<void> {
  const path = insideOf(folder, name);
  const listed = manifest.files.find(({ file }) => file === name.replaceAll("\\", "/"));
  if (!listed)
    throw new LexiscopeError("bad_file", `${join(folder, atlasFiles.manifest)} does not list ${name}`, {
      file: join(folder, atlasFiles.manifest),
      field: "files",
      hint: "the atlas is incomplete; copy or build it again",
    });
  throwIfAborted(signal);
  if ((await sha256File(path, signal)) !== listed.sha256)
    throw new LexiscopeError("bad_file", `${path} is not what the manifest says: its SHA-256 differs`, {
      file: path,
      hint: "the file is damaged; copy or build the atlas again",
    });
}

/** Files remembered by {@link checkHashOnce}. */
const maxRemembered = 256;
const remembered = new Map<string, string>();

/**
 * `checkHash`, but for a file of which this process knows already that it is right: opening a large atlas again, after it
 * was closed to make room, must not take seconds anew. Any write to a file or replacement of it changes what it is known by.
 */
export async function checkHashOnce(folder: string, manifest: AtlasManifest, name: string): Promise<void> {
  const path = insideOf(folder, name);
  const seen = async (): Promise<string> => {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs, manifest.files.find(({ file }) => file === name)?.sha256].join(" ");
  };
  const before = await seen();
  if (remembered.get(path) === before) return;
  await checkHash(folder, manifest, name);
  if ((await seen()) !== before) return;
  remembered.delete(path);
  remembered.set(path, before);
  const [oldest] = remembered.keys();
  if (remembered.size > maxRemembered && oldest !== undefined) remembered.delete(oldest);
}

/** A manifest from elsewhere must not point out of its own folder. */
function insideOf(folder: string, file: string): string {
  if (!/^[\w-][\w.-]*([/\\][\w-][\w.-]*)*$/.test(file))
    throw new LexiscopeError("bad_file", `${join(folder, atlasFiles.manifest)} names the file ${JSON.stringify(file)}`, {
      file: join(folder, atlasFiles.manifest),
      field: "files",
    });
  return join(folder, file);
}
