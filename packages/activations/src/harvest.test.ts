import { execFile } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { finish, lockFolder, sha256 } from "@lexiscope/core";
import { openModel, type Model } from "@lexiscope/model";
import { withTask } from "@lexiscope/native";
import { harvest } from "./harvest.ts";
import { bf16ToFloat, floatToBf16 } from "./row-sums.ts";
import { openStore } from "./store.ts";
import { harvestForTests, memorySource, mountSmallDisk, temporaryFolder, tinyTexts, writeTinyModel } from "./testing/index.ts";

const child = fileURLToPath(new URL("./testing/harvest-child.ts", import.meta.url));
const [resid, mlp] = ["blocks.0.hook_resid_post", "blocks.1.hook_mlp_out"];

let model: Model;
let modelFolder: string;
let whole: string;
beforeAll(async () => {
  modelFolder = await writeTinyModel(join(await temporaryFolder(), "tiny"));
  model = await openModel(modelFolder);
  whole = join(await temporaryFolder(), "store");
  await finish(harvest(harvestForTests(model, whole)));
});

/** Name and content hash of every file. */
async function contents(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).toSorted();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, sha256(await readFile(join(folder, name)))])));
}

test("rows are what the model computes, rounded to bf16, at kept positions only", async () => {
  const store = await openStore(whole);
  expect(store.manifest.shards.length).toBeGreaterThan(5);
  const [context] = await store.contexts(2);
  expect(context).toBeDefined();
  const tokens = context?.tokens ?? new Int32Array();
  const output = await withTask(undefined, (task) =>
    model.native.forward(
      { tokens, lengths: Int32Array.of(tokens.length), taps: [{ site: mlp, values: "f32" }], edits: [], logits: "none", top: 0 },
      task,
    ),
  );
  const expected = bf16ToFloat(floatToBf16(output.taps[0]?.values as Float32Array));
  const { rows, contexts, positions } = await store.rows(2, mlp, "all");
  const own = contexts.filter((id) => id === context?.id).length;
  expect(own).toBe(tokens.length - 1);
  expect(positions[0]).toBe(1);
  const stored = bf16ToFloat(rows.subarray(0, own * 32));
  for (const [i, value] of stored.entries())
    expect(Math.abs(value - (expected[32 + i] ?? NaN))).toBeLessThan(0.02 * Math.max(1, Math.abs(value)));
});

test("the manifest counts what is there and its statistics are those of the rows", async () => {
  const store = await openStore(whole);
  const { manifest } = store;
  expect(manifest.tokens).toBe(30_000);
  expect(manifest.rows).toBe(manifest.tokens - manifest.contexts);
  const share = manifest.heldOut.rows / manifest.rows;
  expect(share).toBeGreaterThan(0.03);
  expect(share).toBeLessThan(0.1);
  const site = manifest.sites.find(({ name }) => name === resid);
  let [count, squares, first] = [0, 0, 0];
  for (let shard = 0; shard < manifest.shards.length; shard++) {
    const values = bf16ToFloat((await store.rows(shard, resid, "train")).rows);
    count += values.length / 32;
    for (const [i, value] of values.entries()) {
      squares += value * value;
      if (i % 32 === 0) first += value;
    }
  }
  expect(site?.mean[0]).toBeCloseTo(first / count, 6);
  expect((site?.meanSquaredNorm ?? NaN) / (squares / count)).toBeCloseTo(1, 3);
});

test("killed with SIGKILL and started again, the store is the same, byte for byte", async () => {
  const out = join(await temporaryFolder(), "store");
  for (const killAt of [9000, 21_000]) {
    await expect(promisify(execFile)(process.execPath, [child, modelFolder, out, String(killAt)])).rejects.toMatchObject({
      signal: "SIGKILL",
    });
    expect(await readdir(out)).not.toContain("manifest.json");
    await expect(openStore(out)).rejects.toThrow(/unfinished harvest/);
  }
  await writeFile(join(out, "cut.safetensors.1.ab.tmp"), "left by a kill");
  const before = (await readdir(out)).filter((name) => name.endsWith(".safetensors")).length;
  expect(before).toBeGreaterThan(3);
  await promisify(execFile)(process.execPath, [child, modelFolder, out]);
  expect(await contents(out)).toEqual(await contents(whole));
}, 60_000);

test("an abort ends it within 200 ms, with whole shards only and the way on", async () => {
  const out = join(await temporaryFolder(), "store");
  const controller = new AbortController();
  const work = harvest({ ...harvestForTests(model, out), signal: controller.signal });
  let at = 0;
  const run = finish(work, (event) => {
    if (event.phase === "harvest" && event.done > 12_000 && at === 0) {
      at = performance.now();
      controller.abort();
    }
  });
  await expect(run).rejects.toMatchObject({ code: "aborted", hint: expect.stringContaining("run the same command again") });
  expect(performance.now() - at).toBeLessThan(200);
  expect((await readdir(out)).filter((name) => name.endsWith(".tmp") || name === ".lock")).toEqual([]);
  await finish(harvest(harvestForTests(model, out)));
  expect(await contents(out)).toEqual(await contents(whole));
});

test("a finished store is not made again", async () => {
  const before = await contents(whole);
  const phases: string[] = [];
  await finish(harvest(harvestForTests(model, whole)), (event) => phases.push(event.phase));
  expect(phases).not.toContain("harvest");
  expect(await contents(whole)).toEqual(before);
});

test("another harvest, a foreign folder and a folder in use are refused", async () => {
  const out = join(await temporaryFolder(), "store");
  const options = harvestForTests(model, out);
  await expect(finish(harvest({ ...harvestForTests(model, whole), seed: 6 }))).rejects.toMatchObject({ code: "mismatch", field: "seed" });
  await expect(
    finish(harvest({ ...harvestForTests(model, whole), sources: [memorySource("tiny", tinyTexts(120, 9))] })),
  ).rejects.toMatchObject({ code: "mismatch", field: "text" });
  const foreign = await temporaryFolder();
  await writeFile(join(foreign, "thesis.tex"), "");
  await expect(finish(harvest({ ...options, out: foreign }))).rejects.toMatchObject({ code: "invalid_input", field: "out" });
  const unlock = await lockFolder(out, "somebody else");
  await expect(finish(harvest(options))).rejects.toMatchObject({ code: "busy" });
  await unlock();
});

test("a truncated shard of an unfinished harvest is named", async () => {
  const out = join(await temporaryFolder(), "store");
  await finish(harvest(harvestForTests(model, out)));
  await rm(join(out, "manifest.json"));
  const shard = (await readdir(out)).filter((name) => name.endsWith(".safetensors"))[3] ?? "";
  await truncate(join(out, shard), 1000);
  await expect(finish(harvest(harvestForTests(model, out)))).rejects.toMatchObject({ code: "bad_file", file: join(out, shard) });
});

test("sites that are not there and contexts that are too long are refused", async () => {
  const options = harvestForTests(model, join(await temporaryFolder(), "store"));
  await expect(finish(harvest({ ...options, sites: ["blocks.2.hook_resid_post"] }))).rejects.toMatchObject({ field: "site" });
  await expect(finish(harvest({ ...options, sites: [] }))).rejects.toMatchObject({ field: "site" });
  await expect(finish(harvest({ ...options, context: 1000 }))).rejects.toMatchObject({ field: "context" });
});

/** Writes until the disk is full. */
function fillDisk(path: string): void {
  const file = openSync(path, "w");
  try {
    for (const size of [65_536, 1024]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch {
        // ENOSPC is what we want
      }
    }
  } finally {
    closeSync(file);
  }
}

const disk = mountSmallDisk(12);
test.skipIf(!disk)(
  "a disk that is too small is refused, one that fills up on the way leaves whole shards [needs root to mount a tmpfs]",
  async () => {
    if (!disk) return;
    try {
      const options = harvestForTests(model, join(disk.folder, "store"));
      await expect(finish(harvest({ ...options, sources: [memorySource("tiny", tinyTexts(700))], tokens: 200_000 }))).rejects.toMatchObject(
        { code: "environment", message: expect.stringContaining("are free") },
      );
      await rm(join(disk.folder, "store"), { recursive: true });
      const filler = join(disk.folder, "filler");
      let filled = false;
      const run = finish(harvest(options), (event) => {
        if (event.phase !== "harvest" || event.done < 15_000 || filled) return;
        filled = true;
        fillDisk(filler);
      });
      await expect(run).rejects.toMatchObject({ code: "environment", message: expect.stringContaining("disk is full") });
      expect((await readdir(join(disk.folder, "store"))).filter((name) => name.endsWith(".tmp"))).toEqual([]);
      await rm(filler);
      await finish(harvest(options));
      expect(await contents(join(disk.folder, "store"))).toEqual(await contents(whole));
    } finally {
      disk.unmount();
    }
  },
);
