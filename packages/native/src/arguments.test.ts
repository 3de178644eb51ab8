import { describe, expect, test } from "vitest";
import { loadAddon } from "./load.ts";
import { withTask } from "./task.ts";

const addon = loadAddon();
const [d, features] = [4, 8];
const matrix = new Float32Array(d * features).fill(0.5);
const training = {
  d,
  features,
  k: 2,
  seed: 1,
  scale: 1,
  decoderBias: new Float32Array(d),
  encoderScale: 1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  auxCoefficient: 0,
  auxK: 1,
  deadAfter: 10,
  freezeDecoder: false,
  architecture: "topk" as const,
  decoderNorm: 1,
  clipNorm: Infinity,
  screen: "exact" as const,
};
const dictionary = {
  d,
  features,
  activation: "topk" as const,
  k: 2,
  applyBDecToInput: true,
  encoder: matrix,
  encoderBias: new Float32Array(features),
  decoder: matrix,
  decoderBias: new Float32Array(d),
};

/** What Node-API's own integers would read as 1, 0 or a size. */
const noSizes = [2 ** 32 + 1, -1, 0.5, NaN, Infinity, 1e300];

describe("a direct caller's sizes fail, and end no process", () => {
  test.each(noSizes)("%d", async (size) => {
    const calls = [
      () => withTask(undefined, (task) => addon.Trainer.create({ ...training, features: size }, task)),
      () => withTask(undefined, (task) => addon.Trainer.create({ ...training, k: size }, task)),
      () => withTask(undefined, (task) => addon.Dictionary.create({ ...dictionary, k: size }, task)),
      () => withTask(undefined, (task) => addon.topKRows(matrix, matrix, d, size, task)),
      async () => new addon.Pca(size),
      async () => new addon.Indexer({ features: size, top: 1, intervals: 1, perInterval: 1, coactivation: 1, tokens: 1, seed: 0 }),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(/whole number|memory|must lie|possible/);
  });

  test("a trainer larger than any memory", async () => {
    for (const size of [2 ** 40, 2 ** 45, 2 ** 53 - 1])
      await expect(withTask(undefined, (task) => addon.Trainer.create({ ...training, features: size }, task))).rejects.toMatchObject({
        code: "invalid_input",
        message: expect.stringContaining("no memory"),
      });
  });

  test("nothing in the place of something", () => {
    expect(addon.logSumExp(new Float32Array())).toBe(-Infinity);
    expect(() => addon.drawToken(new Float32Array(), 1, 0.5)).toThrow();
    expect(() => addon.drawToken(Float32Array.of(1), NaN, 0.5)).toThrow(/temperature/);
  });
});
