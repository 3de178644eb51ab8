import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { bf16ToFloat, harvest, type ActivationStore } from "@lexiscope/activations";
import { harvestForTests, temporaryFolder, writeTinyModel } from "@lexiscope/activations/testing";
import { finish } from "@lexiscope/core";
import { openModel, type Model } from "@lexiscope/model";
import { withTask } from "@lexiscope/native";
import type { MetricsLine } from "./metrics-log.ts";
import { openDictionary } from "./open.ts";
import { reluForTests, trainForTests } from "./testing/train-options.ts";
import { train } from "./train.ts";

const child = fileURLToPath(new URL("./testing/train-child.ts", import.meta.url));
const site = "blocks.0.hook_resid_post";

let model: Model;
let modelFolder: string;
let store: ActivationStore;
let whole: string;
beforeAll(async () => {
  modelFolder = await writeTinyModel(join(await temporaryFolder(), "tiny"));
  model = await openModel(modelFolder);
  store = await finish(harvest(harvestForTests(model, join(await temporaryFolder(), "store"))));
  whole = join(await temporaryFolder(), "whole");
  await finish(train(trainForTests(store, model, whole, reluForTests)));
});

const weightsOf = (folder: string): Promise<Buffer> => readFile(join(folder, "sae_weights.safetensors"));
const metricsOf = async (folder: string): Promise<MetricsLine[]> =>
  (await readFile(join(folder, "metrics.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as MetricsLine);

test("a run ends with numbers beside both baselines, and says λ and the L1 of every step", async () => {
  const { manifest } = await openDictionary(whole, { model, site });
  const { metrics, baselines } = manifest;
  expect(manifest.config).toMatchObject({ architecture: "relu", l1: 5, clipNorm: 1, decoderNorm: 0.1 });
  expect(metrics.fvu).toBeGreaterThan(0);
  expect(metrics.fvu).toBeLessThan(1);
  expect(metrics.l0).toBeGreaterThan(0.5);
  expect(baselines.random?.fvu).toBeGreaterThan(metrics.fvu);
  expect(baselines.pca?.fvu).toBeGreaterThan(0);
  expect(metrics.deltaCe).toBeCloseTo((metrics.cePatched ?? NaN) - (metrics.ceClean ?? NaN), 12);
  const lines = await metricsOf(whole);
  expect(lines.map(({ lambda }) => lambda).slice(0, 5)).toEqual([1.25, 2.5, 3.75, 5, 5]);
  expect(lines.every(({ l1, gradientNorm }) => (l1 ?? 0) > 0 && (gradientNorm ?? 0) > 0)).toBe(true);
  expect(lines.at(-1)?.auxLoss).toBeUndefined();
  expect(lines.at(-1)?.l0).toBeLessThan((lines[0]?.l0 ?? 0) / 2);
});

test("the folder is SAELens' standard architecture, and computes what a plain loop over its weights does", async () => {
  const cfg = JSON.parse(await readFile(join(whole, "cfg.json"), "utf8")) as Record<string, unknown>;
  expect(cfg).toMatchObject({ architecture: "standard", apply_b_dec_to_input: false, normalize_activations: "none", d_in: 32, d_sae: 128 });
  expect(cfg).not.toHaveProperty("k");
  const { native } = await openDictionary(whole);
  const stored = (await store.rows(0, site, "all")).rows.slice(0, 20 * 32);
  const { indices, values, k } = await withTask(undefined, (task) => native.encode(stored, task));
  const { loadSafetensors } = await import("@lexiscope/formats");
  const { tensors } = await loadSafetensors(join(whole, "sae_weights.safetensors"));
  const tensor = (name: string): Float32Array => new Float32Array(tensors.get(name)?.data.buffer ?? new ArrayBuffer(0));
  const [encoder, bias, x] = [tensor("W_enc"), tensor("b_enc"), bf16ToFloat(stored)];
  for (let row = 0; row < 20; row++) {
    const ours = new Map<number, number>();
    for (let e = row * k; e < (row + 1) * k; e++) if ((values[e] ?? 0) > 0) ours.set(indices[e] ?? -1, values[e] ?? 0);
    for (let i = 0; i < 128; i++) {
      let pre = bias[i] ?? NaN;
      for (let c = 0; c < 32; c++) pre += (x[row * 32 + c] ?? NaN) * (encoder[c * 128 + i] ?? NaN);
      if (Math.abs(pre) > 1e-5) expect(ours.get(i) ?? 0).toBeCloseTo(Math.max(0, pre), 4);
    }
  }
});

test("killed with SIGKILL and started again, the weights are the same, byte for byte", async () => {
  const out = join(await temporaryFolder(), "killed");
  const killed = (at: number): Promise<unknown> =>
    promisify(execFile)(process.execPath, [child, modelFolder, store.path, out, String(at), "relu"]);
  for (const at of [12, 61]) await expect(killed(at)).rejects.toMatchObject({ signal: "SIGKILL" });
  const messages: string[] = [];
  await finish(train(trainForTests(store, model, out, reluForTests)), ({ message }) => messages.push(message ?? ""));
  expect(messages).toContain("going on from step 50 of 80");
  expect((await weightsOf(out)).equals(await weightsOf(whole))).toBe(true);
  expect(await readFile(join(out, "cfg.json"), "utf8")).toBe(await readFile(join(whole, "cfg.json"), "utf8"));
}, 60_000);

test("an abort saves the step, and going on gives the same weights", async () => {
  const out = join(await temporaryFolder(), "aborted");
  const controller = new AbortController();
  const run = finish(train({ ...trainForTests(store, model, out, reluForTests), signal: controller.signal }), ({ metrics }) => {
    if ((metrics?.["step"] ?? 0) >= 33) controller.abort();
  });
  await expect(run).rejects.toMatchObject({ code: "aborted" });
  await finish(train(trainForTests(store, model, out, reluForTests)));
  expect((await weightsOf(out)).equals(await weightsOf(whole))).toBe(true);
});

test("a run of another recipe in the same folder is refused", async () => {
  await expect(finish(train(trainForTests(store, model, whole)))).rejects.toMatchObject({ code: "mismatch", field: "architecture" });
});
