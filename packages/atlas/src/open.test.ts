import { cp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { finish, sha256 } from "@lexiscope/core";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildAtlas, openAtlas, type Atlas } from "./index.ts";
import { makeTinyChain, type TinyChain } from "./testing/tiny-atlas.ts";

let chain: TinyChain;
let whole: Atlas;
let copies = 0;

beforeAll(async () => {
  chain = await makeTinyChain();
  whole = await finish(buildAtlas({ ...chain, out: join(chain.folder, "atlas") }));
}, 120_000);
afterAll(async () => {
  whole?.close();
  await rm(chain.folder, { recursive: true });
});

async function copy(): Promise<string> {
  const folder = join(chain.folder, `copy-${copies++}`);
  await cp(whole.path, folder, { recursive: true });
  return folder;
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  await writeFile(path, bytes);
}

test("a copied atlas opens and says the same", async () => {
  const atlas = await openAtlas(await copy());
  await atlas.verify();
  expect(await atlas.feature(3)).toEqual(await whole.feature(3));
  expect(atlas.mean).toEqual(Float32Array.from(chain.store.manifest.sites[0]?.mean ?? []));
  expect((await atlas.dictionary()).decoder).toEqual(chain.dictionary.decoder);
  expect(await atlas.dictionary()).toBe(await atlas.dictionary());
  expect(atlas.summaries([2, 1]).map(({ index }) => index)).toEqual([2, 1]);
  atlas.close();
});

test("a file cut short is named when the atlas is opened", async () => {
  for (const { file } of whole.manifest.files) {
    const folder = await copy();
    await truncate(join(folder, file), 20);
    await expect(openAtlas(folder)).rejects.toMatchObject({ code: "bad_file", file: join(folder, file) });
    await rm(join(folder, file));
    await expect(openAtlas(folder)).rejects.toThrow(`${join(folder, file)} is missing`);
  }
});

test("a flipped bit is found by verify, and before its data are used", async () => {
  for (const { file, bytes } of whole.manifest.files) {
    const folder = await copy();
    await flip(join(folder, file), Math.floor(bytes / 2));
    const use = async (): Promise<void> => {
      const atlas = await openAtlas(folder);
      try {
        await expect(atlas.verify()).rejects.toMatchObject({ code: "bad_file", file: join(folder, file) });
        await atlas.dictionary();
        for (let f = 0; f < atlas.manifest.dictionary.features; f++) await atlas.feature(f);
      } finally {
        atlas.close();
      }
    };
    await expect(use()).rejects.toMatchObject({ code: "bad_file", file: join(folder, file) });
  }
});

test("a manifest that is damaged, points elsewhere or is not there is named", async () => {
  await expect(openAtlas(join(chain.folder, "nothing"))).rejects.toMatchObject({ code: "not_found" });
  const folder = await copy();
  const path = join(folder, "manifest.json");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.slice(0, -20));
  await expect(openAtlas(folder)).rejects.toMatchObject({ code: "bad_file", file: path });
  await writeFile(path, text.replace('"features.sqlite"', '"../atlas/features.sqlite"'));
  await expect(openAtlas(folder)).rejects.toMatchObject({ code: "bad_file", file: path, field: "files" });
  await writeFile(path, text.replace('"kind": "atlas"', '"kind": "dictionary"'));
  await expect(openAtlas(folder)).rejects.toMatchObject({ code: "bad_file", field: "kind" });
});

test("a database that is cut under an open atlas gives an error with its name", async () => {
  const folder = await copy();
  const atlas = await openAtlas(folder);
  await truncate(join(folder, "features.sqlite"), 4096);
  expect(() => atlas.list({ orderBy: "density", descending: true, limit: 1000, offset: 0 })).toThrow(
    expect.objectContaining({ code: "bad_file", file: join(folder, "features.sqlite") }),
  );
  atlas.close();
});

test("features are listed in any order, and unknown ones are refused", async () => {
  const list = (orderBy: "density" | "maximum" | "effect" | "fired" | "index", alive?: boolean): number[] =>
    whole.list({ orderBy, descending: true, limit: 1000, offset: 0, filter: { alive } }).items.map((summary) => summary[orderBy]);
  for (const orderBy of ["density", "maximum", "effect", "fired", "index"] as const)
    expect(list(orderBy)).toEqual(list(orderBy).toSorted((a, b) => b - a));
  expect(list("fired", true).length + list("fired", false).length).toBe(96);
  expect(list("fired", true)).toHaveLength(whole.manifest.index.alive);
  for (const [field, options] of [
    ["limit", { limit: 0.5, offset: 0 }],
    ["limit", { limit: 1001, offset: 0 }],
    ["offset", { limit: 1, offset: -1 }],
  ] as const)
    expect(() => whole.list({ orderBy: "index", descending: false, ...options })).toThrow(
      expect.objectContaining({ code: "invalid_input", field }),
    );
  expect(() => whole.list({ orderBy: "relevance", descending: true, limit: 1, offset: 0 })).toThrow(
    expect.objectContaining({ code: "invalid_input", field: "orderBy" }),
  );
  for (const index of [-1, 96, 0.5, Number.NaN]) {
    expect(() => whole.summary(index)).toThrow(expect.objectContaining({ code: "not_found", field: "feature" }));
    await expect(whole.feature(index)).rejects.toMatchObject({ code: "not_found" });
    await expect(whole.example(index, 0)).rejects.toMatchObject({ code: "not_found" });
  }
});

test("examples are shown without the model, whole or around their peaks", async () => {
  const [{ index } = { index: -1 }] = whole.list({ orderBy: "fired", descending: true, limit: 1, offset: 0 }).items;
  const { examples, effect, topOutput, top } = await whole.feature(index);
  expect([effect, topOutput]).toEqual([top[0]?.value, top[0]?.text]);
  const { total } = whole.list({ orderBy: "index", descending: true, limit: 1, offset: 0, filter: { effect: [effect, effect] } });
  expect(total).toBe(1);
  const cropped = (await whole.feature(index, { window: { before: 3, after: 2 } })).examples;
  for (const [n, example] of examples.entries()) {
    expect(example.texts).toEqual(Array.from(example.tokens, (id) => chain.model.tokenizer.tokenText(id)));
    expect(example.tokens).toHaveLength(example.length);
    const { from, peak, texts, activations } = cropped[n] ?? { from: -1, peak: -1, texts: [], activations: [] };
    expect(from + peak).toBe(example.peak);
    expect(texts).toEqual(example.texts.slice(from, example.peak + 3));
    expect(Array.from(activations)).toEqual(Array.from(example.activations.subarray(from, example.peak + 3)));
  }
  expect(await whole.example(index, 4)).toEqual(examples[4]);
  await expect(whole.example(index, examples.length)).rejects.toMatchObject({ code: "not_found", field: "n" });
  expect(whole.tokenText(10 ** 9)).toBeUndefined();
});

/** A copy whose database was changed by SQL, with a manifest that vouches for it. */
async function changed(sql: string): Promise<string> {
  const folder = await copy();
  const file = join(folder, "features.sqlite");
  const db = new Database(file);
  db.exec(sql);
  db.close();
  const path = join(folder, "manifest.json");
  const manifest = JSON.parse(await readFile(path, "utf8")) as { files: { file: string; bytes: number; sha256: string }[] };
  const bytes = await readFile(file);
  const listed = manifest.files.find((one) => one.file === "features.sqlite");
  if (listed) Object.assign(listed, { bytes: bytes.byteLength, sha256: sha256(bytes) });
  await writeFile(path, JSON.stringify(manifest));
  return folder;
}

test.each([
  [
    "a view that never ends in the place of a table",
    "DROP TABLE tokens; CREATE VIEW tokens AS WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c) SELECT id, 'x' AS text FROM c;",
  ],
  ["a trigger", "CREATE TRIGGER t AFTER INSERT ON tokens BEGIN SELECT 1; END;"],
  [
    "a table with other columns",
    "DROP TABLE details; CREATE TABLE details (id INTEGER PRIMARY KEY, histogram, outputs, neighbours, coactive, tokens);",
  ],
])("a database with %s is refused before it is asked anything", async (_what, sql) => {
  await expect(openAtlas(await changed(sql))).rejects.toMatchObject({ code: "bad_file", message: expect.stringContaining("other tables") });
});

test("a column that holds another kind of value is an error that names the feature", async () => {
  const folder = await changed(
    "UPDATE features SET top_token = x'00', fired = 'many' WHERE id = 2; UPDATE details SET histogram = 'text' WHERE id = 3;",
  );
  const atlas = await openAtlas(folder);
  try {
    expect(() => atlas.summary(2)).toThrow(
      expect.objectContaining({ code: "bad_file", message: expect.stringMatching(/feature 2: \w+ is damaged/) }),
    );
    await expect(atlas.feature(3)).rejects.toMatchObject({ code: "bad_file", message: expect.stringContaining("feature 3: histogram") });
    expect(() => atlas.candidates()).toThrow(expect.objectContaining({ code: "bad_file" }));
  } finally {
    atlas.close();
  }
});
