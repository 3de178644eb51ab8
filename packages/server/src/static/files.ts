import type { Dirent } from "node:fs";
import { readFile, readdir, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { sha256 } from "@lexiscope/core";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};
const packable = /^(?:text\/|application\/|image\/svg)/;
/** A built page has a few dozen files; a folder of something else is not read into memory. */
const maxFiles = 2000;
const maxFileBytes = 32 * 2 ** 20;

export interface StaticFile {
  type: string;
  etag: string;
  body: Uint8Array<ArrayBuffer>;
  gzip: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * The files of the built page, by URL path. A path is looked up among those that were found in the folder, so none leads
 * out of it. A new build is seen when `index.html` changes.
 */
export interface StaticFiles {
  get(path: string): Promise<StaticFile | undefined>;
}

export function staticFiles(root: string): StaticFiles {
  let stamp: string | undefined;
  let paths = new Map<string, string>();
  let loaded = new Map<string, Promise<StaticFile>>();
  return {
    get: async (path) => {
      const now = await stampOf(root);
      if (now !== stamp) {
        paths = await scan(root);
        loaded = new Map();
        stamp = now;
      }
      const file = paths.get(path);
      if (file === undefined) return undefined;
      const entry = loaded.get(path) ?? load(file);
      loaded.set(path, entry);
      entry.catch(() => loaded.delete(path));
      return entry.catch(() => undefined); // vanished during a new build
    },
  };
}

async function stampOf(root: string): Promise<string> {
  const info = await stat(join(root, "index.html")).catch(() => undefined);
  return info ? `${info.ino} ${info.mtimeMs} ${info.size}` : "";
}

async function scan(root: string): Promise<Map<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((): Dirent[] => []);
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith(".")).slice(0, maxFiles);
  return new Map(
    files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [`/${relative(root, file).split(sep).join("/")}`, file];
    }),
  );
}

async function load(file: string): Promise<StaticFile> {
  const { size } = await stat(file);
  if (size > maxFileBytes) throw new Error(`${file} is too large for a page`);
  const body = Uint8Array.from(await readFile(file));
  const type = types[extname(file).toLowerCase()] ?? "application/octet-stream";
  const packed = packable.test(type) && body.length > 1024 ? Uint8Array.from(await promisify(gzip)(body, { level: 9 })) : undefined;
  return { type, etag: `"${sha256(body).slice(0, 20)}"`, body, gzip: packed };
}
