import type { ListResult, ShelfItem } from "@lexiscope/contract";
import { activationOf, atlasManifestSchema, dictionaryManifestSchema, sparsityText, storeManifestSchema } from "@lexiscope/contract";
import { type Shelf, formatCount, freeBytes, lexiscopeHome, messageOf, readJson, shelf } from "@lexiscope/core";
import { lstat, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";

const kinds: readonly { shelf: Shelf; kind: ShelfItem["kind"] }[] = [
  { shelf: "models", kind: "model" },
  { shelf: "text", kind: "text" },
  { shelf: "stores", kind: "store" },
  { shelf: "dictionaries", kind: "dictionary" },
  { shelf: "atlases", kind: "atlas" },
];

/** What lies beside them are people's own names for the features of an atlas. */
const foldersOnly: ReadonlySet<ShelfItem["kind"]> = new Set(["store", "dictionary", "atlas"]);

/** The home: where it is, what it takes, what lies on its shelves. */
export async function describeHome(): Promise<ListResult> {
  const home = lexiscopeHome();
  const items = await listShelves();
  return { home, bytes: items.reduce((sum, item) => sum + item.bytes, 0), freeBytes: await freeBytes(home), items };
}

/** Everything that lies on the shelves of the home, by kind and name. */
export async function listShelves(): Promise<ShelfItem[]> {
  const items: ShelfItem[] = [];
  for (const { shelf: name, kind } of kinds) {
    const folder = shelf(name);
    for (const entry of (await names(folder)).toSorted()) {
      if (entry.startsWith(".") || (foldersOnly.has(kind) && !(await isFolder(join(folder, entry))))) continue;
      items.push(await describeItem(kind, join(folder, entry)));
    }
  }
  return items;
}

/** One thing on a shelf, or a folder elsewhere that has a manifest of ours. */
export async function describeItem(kind: ShelfItem["kind"], path: string): Promise<ShelfItem> {
  const bytes = await diskUse(path);
  const item = { kind, name: basename(path), path, bytes };
  if (kind === "model" || kind === "text")
    return { ...item, summary: kind === "model" ? "weights and tokenizer" : "text to read", complete: true };
  try {
    return { ...item, summary: summarise(kind, await readJson(join(path, "manifest.json"))), complete: true };
  } catch (error) {
    const begun = !(await exists(join(path, "manifest.json")));
    return {
      ...item,
      summary: begun ? "not finished: the command that began it goes on with it" : `damaged: ${messageOf(error).split("\n")[0]}`,
      complete: false,
    };
  }
}

/** Which of our kinds a folder's manifest says it is. */
export async function kindOfFolder(path: string): Promise<ShelfItem["kind"] | undefined> {
  try {
    const manifest = await readJson(join(path, "manifest.json"));
    const kind = typeof manifest === "object" && manifest !== null && "kind" in manifest ? manifest.kind : undefined;
    if (kind === "activation-store" && storeManifestSchema.safeParse(manifest).success) return "store";
    if (kind === "dictionary" && dictionaryManifestSchema.safeParse(manifest).success) return "dictionary";
    if (kind === "atlas" && atlasManifestSchema.safeParse(manifest).success) return "atlas";
  } catch {
    // no manifest of ours
  }
  return undefined;
}

function summarise(kind: "store" | "dictionary" | "atlas", manifest: unknown): string {
  if (kind === "store") {
    const store = storeManifestSchema.parse(manifest);
    return `${formatCount(store.tokens)} tokens of ${store.model.name} at ${store.sites.map((site) => site.name).join(", ")}`;
  }
  const dictionary = kind === "atlas" ? atlasManifestSchema.parse(manifest).dictionary : dictionaryManifestSchema.parse(manifest);
  const what = `${formatCount(dictionary.features)} features, ${sparsityText(activationOf(dictionary))}, ${dictionary.model.name} ${dictionary.site}`;
  return kind === "atlas"
    ? `${what}, ${formatCount(atlasManifestSchema.parse(manifest).index.alive)} alive`
    : `${what}, FVU ${dictionary.metrics.fvu.toFixed(3)}`;
}

/** Bytes that a file or folder takes, links not followed. */
export async function diskUse(path: string): Promise<number> {
  const info = await lstat(path).catch(() => undefined);
  if (!info) return 0;
  if (!info.isDirectory()) return info.size;
  let bytes = 0;
  for (const name of await names(path)) bytes += await diskUse(join(path, name));
  return bytes;
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => true, // a link to nothing is listed as damaged
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
