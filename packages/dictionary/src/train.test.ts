import { execFile } from "node:child_process";
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { harvest, openStore, type ActivationStore } from "@lexiscope/activations";
import { harvestForTests, mountSmallDisk, temporaryFolder, writeStore, writeTinyModel } from "@lexiscope/activations/testing";
import { finish, lockFolder, refuseWhileRead, type ProgressEvent } from "@lexiscope/core";
import { openModel, type Model } from "@lexiscope/model";
import { trainConfig } from "./config.ts";
import type { MetricsLine } from "./metrics-log.ts";
import { openDictionary } from "./open.ts";
import { trainForTests } from "./testing/train-options.ts";
import { train } from "./train.ts";

const child = fileURLToPath(new URL("./testing/train-child.ts", import.meta.url));

let model: Model;
let modelFolder: string;
let store: ActivationStore;
let whole: string;
const events: ProgressEvent[] = [];
beforeAll(async () => {
  modelFolder = await writeTinyModel(join(await temporaryFolder(), "tiny"));
  model = await openModel(modelFolder);
  store = await finish(harvest(harvestForTests(model, join(await temporaryFolder(), "store"))));
  whole = join(await temporaryFolder(), "whole");
  await finish(train(trainForTests(store, model, whole)), (event) => events.push(event));
});

const weightsOf = (folder: string): Promise<Buffer> => readFile(join(folder, "sae_weights.safetensors"));
const killed = (out: string, at: number): Promise<unknown> =>
  promisify(execFile)(process.execPath, [child, modelFolder, store.path, out, String(at)]);

test("a run ends with numbers on held-out documents beside both baselines", async () => {
  const { manifest } = await openDictionary(whole, { model, site: "blocks.0.hook_resid_post" });
  const { metrics, baselines, dead } = manifest;
  expect(metrics.fvu).toBeGreaterThan(0);
  expect(metrics.fvu).toBeLessThan(0.5);
  expect(metrics.l0).toBeGreaterThan(4);
  expect(metrics.l0).toBeLessThanOrEqual(8);
  expect(baselines.random?.fvu).toBeGreaterThan(metrics.fvu);
  expect(baselines).toMatchObject({
    randomSteps: 80,
    pcaComponents: Math.round(metrics.l0),
    pca: { l0: Math.round(metrics.l0), ceClean: metrics.ceClean },
  });
  expect(metrics.deltaCe).toBeCloseTo((metrics.cePatched ?? NaN) - (metrics.ceClean ?? NaN), 12);
  expect(metrics.ceTokens).toBeGreaterThan(900);
  expect(metrics.deltaCeMeanAblation).not.toBe(0);
  expect(dead.windowTokens).toBe(2000);
  expect(manifest.tokensSeen).toBe(80 * 256);
});

test("progress and metrics.jsonl say loss, L0, FVU, dead and held-out FVU", async () => {
  const training = events.filter((event) => event.phase === "train" && event.metrics);
  expect(training.at(-1)).toMatchObject({ done: 80 * 256, total: 80 * 256, unit: "tokens" });
  expect(Object.keys(training.at(-1)?.metrics ?? {})).toEqual(
    expect.arrayContaining(["step", "loss", "l0", "fvu", "dead", "heldOutFvu", "heldOutL0", "heldOutDeltaCe"]),
  );
  const lines = (await readFile(join(whole, "metrics.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as MetricsLine);
  expect(lines.map(({ step }) => step)).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
  expect(lines.at(-1)?.heldOutFvu).toBeLessThan(lines.find(({ heldOutFvu }) => heldOutFvu !== undefined)?.heldOutFvu ?? NaN);
  expect(lines.at(-1)?.heldOutL0).toBeGreaterThan(4);
  const losses = lines.filter(({ heldOutDeltaCe }) => heldOutDeltaCe !== undefined);
  expect(losses.map(({ step }) => step)).toEqual([20, 40, 60]);
  expect(losses.every(({ heldOutDeltaCe }) => Number.isFinite(heldOutDeltaCe))).toBe(true);
});

test("checkpoints are gone when the dictionary is there", async () => {
  expect((await readdir(whole)).toSorted()).toEqual([
    "cfg.json",
    "manifest.json",
    "metrics.jsonl",
    "sae_weights.safetensors",
    "training.json",
  ]);
});

test("killed with SIGKILL and started again, the weights are the same, byte for byte", async () => {
  const out = join(await temporaryFolder(), "killed");
  for (const at of [12, 61]) await expect(killed(out, at)).rejects.toMatchObject({ signal: "SIGKILL" });
  expect((await readdir(out)).filter((name) => name.startsWith("checkpoint")).toSorted()).toEqual([
    "checkpoint-000000025.json",
    "checkpoint-000000025.safetensors",
    "checkpoint-000000050.json",
    "checkpoint-000000050.safetensors",
  ]);
  await expect(openDictionary(out)).rejects.toThrow(/unfinished training run/);
  const messages: string[] = [];
  await finish(train(trainForTests(store, model, out)), ({ message }) => messages.push(message ?? ""));
  expect(messages).toContain("going on from step 50 of 80");
  expect((await weightsOf(out)).equals(await weightsOf(whole))).toBe(true);
  expect(await readFile(join(out, "cfg.json"), "utf8")).toBe(await readFile(join(whole, "cfg.json"), "utf8"));
}, 60_000);

test("an abort ends it within 200 ms, saves the step, and going on gives the same weights", async () => {
  const out = join(await temporaryFolder(), "aborted");
  const controller = new AbortController();
  let at = 0;
  const run = finish(train({ ...trainForTests(store, model, out), signal: controller.signal }), ({ metrics }) => {
    if ((metrics?.["step"] ?? 0) < 33 || at > 0) return;
    at = performance.now();
    controller.abort();
  });
  await expect(run).rejects.toMatchObject({ code: "aborted", hint: expect.stringContaining("same command again") });
  expect(performance.now() - at).toBeLessThan(200);
  await finish(train(trainForTests(store, model, out)));
  expect((await weightsOf(out)).equals(await weightsOf(whole))).toBe(true);
});

test("a look with ΔCE does not change the trained bytes", async () => {
  const out = join(await temporaryFolder(), "without");
  await finish(train({ ...trainForTests(store, undefined, out), evaluation: { rows: 4000, baselineBudget: 0, pca: false } }));
  expect(await readFile(join(out, "metrics.jsonl"), "utf8")).not.toContain("heldOutDeltaCe");
  expect((await weightsOf(out)).equals(await weightsOf(whole))).toBe(true);
});

test("aborted in the look after its only step, a run goes on, with that step's line and dead features", async () => {
  const out = join(await temporaryFolder(), "one");
  const options = trainForTests(store, undefined, out);
  const config = { ...options.config, steps: 1, warmupSteps: 0, batch: 8, k: 2, deadAfter: 1 };
  const evaluation = { baselineBudget: 0, pca: false };
  const unbroken = await finish(train({ ...options, config, evaluation, out: `${out}-unbroken` }));
  const { signal } = abortsInTask(3); // the trainer, the step, the look
  await expect(finish(train({ ...options, config, evaluation, signal }))).rejects.toMatchObject({
    code: "aborted",
    message: expect.stringContaining("after step 1 of 1"),
  });
  const [line] = (await readFile(join(out, "metrics.jsonl"), "utf8")).split("\n");
  expect(JSON.parse(line ?? "")).toMatchObject({ step: 1, dead: unbroken.manifest.dead.count });
  expect(unbroken.manifest.dead.count).toBeGreaterThan(0);
  await writeFile(join(out, "metrics.jsonl"), "");
  const { manifest } = await finish(train({ ...options, config, evaluation }));
  expect(manifest.dead).toEqual(unbroken.manifest.dead);
  expect((await weightsOf(out)).equals(await weightsOf(`${out}-unbroken`))).toBe(true);
});

test("8-bit screening is counted in log, checkpoint and manifest, and resumes to the same bytes", async () => {
  const out = join(await temporaryFolder(), "screened");
  const options = trainForTests(store, undefined, out);
  const screened = {
    ...options,
    config: { ...options.config, screen: "8bit" as const },
    evaluation: { baselineBudget: 0, pca: false },
  };
  const unbroken = await finish(train({ ...screened, out: `${out}-unbroken` }));
  expect(unbroken.manifest.screening?.checkedRows).toBe(80 * 16);
  expect(unbroken.manifest.screening?.differingRows).toBeLessThanOrEqual(13);
  const controller = new AbortController();
  const stopped = finish(train({ ...screened, signal: controller.signal }), ({ metrics }) => {
    if ((metrics?.["step"] ?? 0) >= 33) controller.abort();
  });
  await expect(stopped).rejects.toMatchObject({ code: "aborted" });
  await expect(finish(train({ ...options, evaluation: screened.evaluation }))).rejects.toMatchObject({ field: "screen" });
  const { manifest } = await finish(train(screened));
  expect(manifest.screening).toEqual(unbroken.manifest.screening);
  expect((await weightsOf(out)).equals(await weightsOf(`${out}-unbroken`))).toBe(true);
  expect(manifest.config).toMatchObject({ screen: "8bit" });
  const log = (await readFile(join(out, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
  expect(JSON.parse(log.at(-1) ?? "")).toMatchObject({ step: 80, ...manifest.screening });
}, 60_000);

/** Aborts as soon as the `n`th piece of native work listens to it. */
function abortsInTask(n: number): AbortController {
  const controller = new AbortController();
  const { signal } = controller;
  const listen = signal.addEventListener.bind(signal);
  let tasks = 0;
  signal.addEventListener = (...args: Parameters<typeof listen>): void => {
    listen(...args);
    if (++tasks === n) controller.abort();
  };
  return controller;
}

test("a run that was killed between its manifest and the removal of its checkpoints has them removed", async () => {
  const left = ["checkpoint-000000050.json", "checkpoint-000000050.safetensors"];
  for (const name of left) await writeFile(join(whole, name), "");
  await finish(train(trainForTests(store, model, whole)));
  expect((await readdir(whole)).filter((name) => name.startsWith("checkpoint"))).toEqual([]);
});

test("tensors whose description a kill kept from being written do not stay", async () => {
  const out = join(await temporaryFolder(), "stray");
  await expect(killed(out, 30)).rejects.toMatchObject({ signal: "SIGKILL" });
  await writeFile(join(out, "checkpoint-000000029.safetensors"), "saved by a Ctrl-C, then killed");
  await finish(train(trainForTests(store, model, out)));
  expect((await readdir(out)).toSorted()).toEqual((await readdir(whole)).toSorted());
});

test("the store is known to be read until the run ends", async () => {
  const out = join(await temporaryFolder(), "reading");
  const run = train(trainForTests(store, undefined, out));
  for (let step = await run.next(); !step.done; step = await run.next()) if (step.value.metrics) break;
  await expect(refuseWhileRead(store.path)).rejects.toMatchObject({ code: "busy", message: expect.stringContaining("(training reading)") });
  await finish(run);
  await refuseWhileRead(store.path);
});

test("a damaged checkpoint is passed over for the one before; when all are, it says so", async () => {
  const out = join(await temporaryFolder(), "damaged");
  await expect(killed(out, 61)).rejects.toMatchObject({ signal: "SIGKILL" });
  const newest = join(out, "checkpoint-000000050.safetensors");
  const bytes = await readFile(newest);
  bytes[bytes.length - 5] = (bytes.at(-5) ?? 0) ^ 16;
  await writeFile(newest, bytes);
  const older = join(out, "checkpoint-000000025.safetensors");
  const saved = await readFile(older);
  await truncate(older, 500);
  await expect(finish(train(trainForTests(store, model, out)))).rejects.toMatchObject({
    code: "bad_file",
    message: expect.stringContaining("no checkpoint"),
  });
  await writeFile(older, saved);
  const messages: string[] = [];
  await finish(train(trainForTests(store, model, out)), ({ message }) => messages.push(message ?? ""));
  expect(messages.join("\n")).toMatch(/passed over a checkpoint: .*000000050\.safetensors is damaged[\s\S]*going on from step 25/);
  expect((await weightsOf(out)).equals(await weightsOf(whole))).toBe(true);
}, 60_000);

test("other settings, a foreign folder, a folder in use, another model and an unknown site are refused", async () => {
  const options = trainForTests(store, model, whole);
  await expect(finish(train(trainForTests(store, model, whole, { k: 9 })))).rejects.toMatchObject({
    code: "mismatch",
    field: "k",
    message: expect.stringContaining("with k 8; now it is 9"),
  });
  const foreign = await temporaryFolder();
  await writeFile(join(foreign, "thesis.tex"), "");
  await expect(finish(train({ ...options, out: foreign }))).rejects.toMatchObject({ code: "invalid_input", field: "out" });
  const busy = join(await temporaryFolder(), "busy");
  const unlock = await lockFolder(busy, "somebody else");
  await expect(finish(train({ ...options, out: busy }))).rejects.toMatchObject({ code: "busy" });
  await unlock();
  await expect(finish(train({ ...options, site: "blocks.1.hook_resid_post" }))).rejects.toMatchObject({ code: "mismatch", field: "site" });
  await expect(finish(train({ ...options, site: undefined }))).rejects.toMatchObject({ code: "invalid_input", field: "site" });
  const other = await openModel(await writeTinyModel(join(await temporaryFolder(), "tiny"), 2));
  await expect(finish(train({ ...options, out: join(foreign, "x"), model: other }))).rejects.toMatchObject({
    code: "mismatch",
    field: "model",
  });
});

test("a damaged shard of the store is named", async () => {
  const copy = join(await temporaryFolder(), "store");
  const broken = await finish(harvest(harvestForTests(model, copy)));
  const file = join(copy, broken.manifest.shards[4]?.file ?? "");
  const bytes = await readFile(file);
  bytes[bytes.length - 9] = (bytes.at(-9) ?? 0) ^ 1;
  await writeFile(file, bytes);
  await expect(finish(train(trainForTests(await openStore(copy), undefined, join(copy, "..", "out"))))).rejects.toMatchObject({
    code: "bad_file",
    file,
  });
});

test("planted features are found, and a dictionary with a frozen decoder does not explain them", async () => {
  const { contexts, d } = plantedContexts();
  const planted = await writeStore(await temporaryFolder(), { contexts, d, perShard: 20 });
  const config = trainConfig(
    "short",
    { features: 48, k: 3, batch: 512, steps: 600, learningRate: 3e-3 },
    { d, trainRows: planted.manifest.rows },
  );
  const { manifest } = await finish(train({ store: planted, out: join(await temporaryFolder(), "out"), config }));
  expect(manifest.metrics.fvu).toBeLessThan(0.25);
  expect(manifest.baselines.random?.fvu).toBeGreaterThan(manifest.metrics.fvu + 0.3);
  expect(manifest.baselines.pca?.fvu).toBeGreaterThan(manifest.metrics.fvu + 0.3);
  expect(manifest.metrics.deltaCe).toBeNull();
});

/** 48 random directions in 24 dimensions, each on with probability .04, as contexts of 64 rows. */
function plantedContexts(): { contexts: { rows: Float32Array; heldOut: boolean }[]; d: number } {
  const [d, n] = [24, 48];
  let state = 12_345;
  const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const directions = Array.from({ length: n }, () => {
    const raw = Array.from({ length: d }, normal);
    const norm = Math.hypot(...raw);
    return raw.map((value) => value / norm);
  });
  const row = (): number[] => {
    const x = Array.from({ length: d }, () => 0);
    for (const direction of directions) {
      if (random() > 0.04) continue;
      const strength = 0.5 + random();
      for (const [j, value] of direction.entries()) x[j] = (x[j] ?? 0) + strength * value;
    }
    return x;
  };
  return {
    d,
    contexts: Array.from({ length: 150 }, (_, c) => ({
      rows: Float32Array.from(Array.from({ length: 64 }, row).flat()),
      heldOut: c % 15 === 0,
    })),
  };
}

const disk = mountSmallDisk(2);
test.skipIf(!disk)(
  "a disk that fills up while training says so, and the run goes on afterwards [needs root to mount a tmpfs]",
  async () => {
    if (!disk) return;
    try {
      const out = join(disk.folder, "out");
      const filler = join(disk.folder, "filler");
      await writeFile(filler, Buffer.alloc(1_850_000));
      await expect(finish(train(trainForTests(store, model, out)))).rejects.toMatchObject({
        code: "environment",
        message: expect.stringContaining("disk is full"),
      });
      await rm(filler);
      await finish(train(trainForTests(store, model, out)));
      expect((await weightsOf(out)).equals(await weightsOf(whole))).toBe(true);
    } finally {
      disk.unmount();
    }
  },
);

test("a store without held-out rows is refused before a folder is made", async () => {
  const contexts = [{ rows: Float32Array.from({ length: 80 }, (_, i) => i % 7), heldOut: false }];
  const few = await writeStore(await temporaryFolder(), { contexts, d: 8, perShard: 1 });
  const parent = await temporaryFolder();
  const config = trainConfig("short", { features: 16, k: 2, batch: 4, steps: 2 }, { d: 8, trainRows: 10 });
  await expect(finish(train({ store: few, out: join(parent, "never"), config }))).rejects.toThrow(/no held-out rows/);
  expect(await readdir(parent)).toEqual([]);
});
