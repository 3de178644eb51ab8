import { copyFile, open, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "@lexiscope/core";
import { loadSafetensors, writeSafetensors } from "@lexiscope/formats";
import { beforeAll, expect, test } from "vitest";
import { openStore } from "./store.ts";
import { bf16ToFloat } from "./row-sums.ts";
import { temporaryFolder, writeStore } from "./testing/index.ts";

const site = "blocks.0.hook_resid_post";
const d = 4;

/** Row r of context c is [c, r, 1, 0]; the last row of context 5 is an outlier. Contexts 2 and 5 are held out. */
async function makeStore(): Promise<string> {
  const folder = await temporaryFolder();
  const contexts = Array.from({ length: 7 }, (_, c) => {
    const n = c === 3 ? 0 : 3 + c;
    const rows = Float32Array.from({ length: n * d }, (_, i) => [c, Math.floor(i / d), 1, 0][i % d] ?? 0);
    if (c === 5) rows.set([1000, 0, 0, 0], (n - 1) * d);
    return { rows, heldOut: c === 2 || c === 5 };
  });
  await writeStore(folder, { contexts, d, perShard: 3 });
  return folder;
}

let folder: string;
beforeAll(async () => {
  folder = await makeStore();
});

test("contexts and rows come back, outliers and the other split left out", async () => {
  const store = await openStore(folder);
  expect(store.manifest.sites[0]?.outliers).toBe(1);
  expect([...(await store.contextIds("heldOut"))]).toEqual([2, 5]);
  expect([...(await store.rowCounts(site))]).toEqual([3, 4, 5, 0, 7, 7, 9]);
  const { rows, contexts, positions } = await store.rows(1, site, "all");
  expect([...contexts]).toEqual([...Array(7).fill(4), ...Array(7).fill(5)]);
  expect([...positions.subarray(0, 3)]).toEqual([1, 2, 3]);
  expect([...bf16ToFloat(rows.subarray(8 * d, 9 * d))]).toEqual([5, 1, 1, 0]);
  expect((await store.rows(1, site, "train")).rows).toHaveLength(7 * d);
  expect((await store.rows(1, site, "heldOut")).rows).toHaveLength(7 * d);
  const context = await store.context(5);
  expect({ id: context.id, document: context.document, heldOut: context.heldOut, tokens: context.tokens.length }).toEqual({
    id: 5,
    document: 5,
    heldOut: true,
    tokens: 9,
  });
  expect(await store.contexts(1)).toHaveLength(3);
});

test("rows of chosen contexts are copied in the order asked for", async () => {
  const store = await openStore(folder);
  const target = new Uint16Array(20 * d);
  expect(await store.copyRows(site, Uint32Array.of(6, 0, 5), target, 1)).toBe(9 + 3 + 7);
  const first = (row: number): number => bf16ToFloat(target.subarray(row * d, row * d + 1))[0] ?? NaN;
  expect([first(0), first(1), first(10), first(13), first(19)]).toEqual([0, 6, 0, 5, 5]);
});

test("mean and E‖x‖² are over training rows within the norm limit", async () => {
  const { manifest } = await openStore(folder);
  // Contexts 0, 1, 4, 6 with 3, 4, 7, 9 rows.
  const mean = (1 * 4 + 4 * 7 + 6 * 9) / 23;
  expect(manifest.sites[0]?.mean[0]).toBeCloseTo(mean, 6);
  expect(manifest.sites[0]?.mean[2]).toBe(1);
  const square = (c: number, n: number): number => Array.from({ length: n }, (_, r) => c * c + r * r + 1).reduce((a, b) => a + b, 0);
  expect(manifest.sites[0]?.meanSquaredNorm).toBeCloseTo((square(0, 3) + square(1, 4) + square(4, 7) + square(6, 9)) / 23, 3);
});

test("sites, shards and contexts that are not there are named", async () => {
  const store = await openStore(folder);
  await expect(store.rows(0, "blocks.1.hook_resid_post", "all")).rejects.toMatchObject({ code: "mismatch", field: "site" });
  await expect(store.rows(9, site, "all")).rejects.toMatchObject({ code: "invalid_input" });
  await expect(store.context(7)).rejects.toThrow(/7 contexts/);
});

test("a truncated shard is refused at open, a flipped bit when it is first read", async () => {
  const broken = await makeStore();
  const { shards } = (await openStore(broken)).manifest;
  const file = join(broken, shards[1]?.file ?? "");
  const whole = await readFile(file);
  await truncate(file, whole.length - 1);
  await expect(openStore(broken)).rejects.toMatchObject({ code: "bad_file", file });
  await writeFile(file, whole);
  const handle = await open(file, "r+");
  await handle.write(Buffer.of((whole[whole.length - 3] ?? 0) ^ 4), 0, 1, whole.length - 3);
  await handle.close();
  const store = await openStore(broken);
  await expect(store.rows(0, site, "all")).resolves.toBeDefined();
  await expect(store.rows(1, site, "all")).rejects.toMatchObject({ code: "bad_file", file });
  await expect(store.verify()).rejects.toThrow(/SHA-256/);
});

test("a shard in another's place, a damaged manifest and an empty folder are refused", async () => {
  const broken = await makeStore();
  const { shards } = (await openStore(broken)).manifest;
  const file = join(broken, shards[0]?.file ?? "");
  await copyFile(join(broken, shards[1]?.file ?? ""), file);
  await expect(openStore(broken)).rejects.toMatchObject({ code: "bad_file", file });
  await writeFile(join(broken, "manifest.json"), '{"kind":"activation-store"');
  await expect(openStore(broken)).rejects.toMatchObject({ code: "bad_file" });
  await writeFile(join(broken, "manifest.json"), '{"kind":"activation-store"}');
  await expect(openStore(broken)).rejects.toMatchObject({ code: "bad_file", field: "formatVersion" });
  await expect(openStore(await temporaryFolder())).rejects.toMatchObject({ code: "not_found" });
});

test.each([
  ["row_context", 1, 2, "row_context has row 3 out of order"],
  ["row_context", 2 ** 31, 1, "row_context has row 1 out of order"],
  ["row_position", 1, 1, "row_context has row 1 out of order"],
  ["row_position", 500, 2, "row_position has row 2 at position 500"],
  ["offsets", 3, 0, "offsets does not cut"],
  ["offsets", 2 ** 31, 1, "offsets does not cut"],
])("a shard whose hash is right but whose %s cannot be (%d) is refused", async (name, value, at, message) => {
  const own = await makeStore();
  const path = join(own, "manifest.json");
  const manifest = JSON.parse(await readFile(path, "utf8")) as { shards: { file: string; bytes: number; sha256: string }[] };
  const shard = manifest.shards[0];
  if (!shard) throw new Error("no shard");
  const file = join(own, shard.file);
  const { tensors, metadata } = await loadSafetensors(file);
  new DataView(tensors.get(name)?.data.buffer ?? new ArrayBuffer()).setUint32(4 * at, value, true);
  await writeSafetensors(file, Object.fromEntries(tensors), metadata);
  const bytes = await readFile(file);
  Object.assign(shard, { bytes: bytes.byteLength, sha256: sha256(bytes) });
  await writeFile(path, JSON.stringify(manifest));
  const store = await openStore(own);
  await expect(store.rows(0, site, "all")).rejects.toMatchObject({ code: "bad_file", file, message: expect.stringContaining(message) });
});
