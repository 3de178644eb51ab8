import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { harvest, keepMask, type ActivationStore, type StoredContext } from "@lexiscope/activations";
import { harvestForTests, temporaryFolder, writeTinyModel } from "@lexiscope/activations/testing";
import { finish } from "@lexiscope/core";
import { openModel, type Model } from "@lexiscope/model";
import { withTask } from "@lexiscope/native";
import { pcaBaseline } from "./baselines.ts";
import { trainConfig } from "./config.ts";
import { lossContexts, patchedLoss, sumLosses, type Patch } from "./patched-loss.ts";

const site = "blocks.0.hook_resid_post";
const d = 32;
let model: Model;
let store: ActivationStore;
let contexts: StoredContext[];
beforeAll(async () => {
  model = await openModel(await writeTinyModel(join(await temporaryFolder(), "tiny")), { dtype: "f32" });
  store = await finish(harvest(harvestForTests(model, join(await temporaryFolder(), "store"))));
  contexts = await lossContexts(store, 1500);
});

const loss = async (patch: Patch, from: ActivationStore = store): Promise<number> =>
  (await patchedLoss({ model, store: from, site, contexts, patch, signal: undefined })).ce;

/** All components: x̂ = x but for rounding. */
async function pca(components: number): Promise<Patch> {
  const statistics = store.manifest.sites.find(({ name }) => name === site);
  if (!statistics) throw new Error("no such site");
  const config = trainConfig("short", { features: 64, k: 4 }, { d, trainRows: store.manifest.rows });
  return { kind: "reconstruction", dictionary: await finish(pcaBaseline({ store, statistics, config, components, signal: undefined })) };
}

test("the clean loss is the mean over kept positions that have a next token", async () => {
  let [sum, count] = [0, 0];
  for (const { tokens } of contexts) {
    const { nll } = await withTask(undefined, (task) =>
      model.native.forward({ tokens, lengths: Int32Array.of(tokens.length), taps: [], edits: [], logits: "nll", top: 0 }, task),
    );
    const keep = keepMask(tokens, store.manifest.keep, model.tokenizer.specialIds);
    for (let i = 0; i < tokens.length - 1; i++) {
      if (keep[i] === 0) continue;
      sum += nll?.[i] ?? NaN;
      count++;
    }
  }
  const result = await patchedLoss({ model, store, site, contexts, patch: { kind: "none" }, signal: undefined });
  expect(result.tokens).toBe(count);
  expect(result.ce).toBeCloseTo(sum / count, 4);
});

test("only held-out documents are read", () => {
  expect(contexts.length).toBeGreaterThan(0);
  expect(contexts.every(({ heldOut }) => heldOut)).toBe(true);
});

test("a perfect reconstruction changes nothing, a poor one and the mean do", async () => {
  const clean = await loss({ kind: "none" });
  expect(Math.abs((await loss(await pca(d))) - clean)).toBeLessThan(0.02);
  expect(Math.abs((await loss(await pca(2))) - clean)).toBeGreaterThan(0.05);
  expect(Math.abs((await loss({ kind: "mean", mean: new Float32Array(d) })) - clean)).toBeGreaterThan(0.05);
});

test("tokens beyond the norm limit keep their activation", async () => {
  const sites = store.manifest.sites.map((entry) => ({ ...entry, medianNorm: 1e-6 }));
  const strict = { ...store, manifest: { ...store.manifest, sites } };
  expect(await loss({ kind: "mean", mean: new Float32Array(d) }, strict)).toBe(await loss({ kind: "none" }));
});

test("only the last position of a sequence may have no loss", () => {
  const lengths = Int32Array.of(3, 2);
  const mask = Uint8Array.of(0, 1, 1, 1, 1);
  expect(sumLosses(Float32Array.of(9, 2, NaN, 4, NaN), lengths, mask, site)).toEqual({ sum: 6, count: 2 });
  for (const at of [0, 1, 3]) {
    const nll = Float32Array.of(9, 2, NaN, 4, NaN);
    nll[at] = NaN;
    expect(() => sumLosses(nll, lengths, mask, site)).toThrow(expect.objectContaining({ code: "bad_file", field: site }));
  }
});
