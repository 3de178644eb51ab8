import { expect, test } from "vitest";
import { configDifference, deadWindow, recommendedPreset, trainConfig, trainingBytes, type TrainSettings } from "./config.ts";

const data = { d: 576, trainRows: 285_000 };
const make = (settings: TrainSettings, preset: "default" | "short" = "default"): ReturnType<typeof trainConfig> =>
  trainConfig(preset, settings, data);

test("the default preset is science.md §4's TopK", () => {
  const config = make({ steps: 50_000 });
  expect(config).toMatchObject({
    features: 16_384,
    k: 32,
    batch: 4096,
    learningRate: 2e-4,
    warmupSteps: 1000,
    decayShare: 0.2,
    auxK: 288,
    auxCoefficient: 1 / 32,
    normalise: "rms",
    decoderBiasInit: "mean",
    beta1: 0.9,
    beta2: 0.999,
    screen: "exact",
  });
  expect(make({ features: 4096 }).learningRate).toBeCloseTo(4e-4, 12);
  expect(make({}).steps).toBe(Math.ceil(285_000 / 4096));
});

test("the short preset is the one that was measured (docs/design/training.md)", () => {
  expect(make({}, "short")).toMatchObject({
    features: 4096,
    k: 32,
    batch: 1024,
    steps: 1500,
    learningRate: 2e-3,
    encoderScale: 0.3,
    warmupSteps: 75,
    decayShare: 0.3,
  });
});

test("what is given wins, undefined does not", () => {
  expect(make({ k: 64, learningRate: 1e-3, batch: undefined })).toMatchObject({ k: 64, learningRate: 1e-3, batch: 4096 });
});

test.each<[TrainSettings, string]>([
  [{ features: 0 }, "features"],
  [{ features: 1.5 }, "features"],
  [{ k: 0 }, "k"],
  [{ features: 16, k: 17 }, "k"],
  [{ features: 64, auxK: 100 }, "auxK"],
  [{ steps: 0 }, "steps"],
  [{ steps: 10, warmupSteps: 11 }, "warmupSteps"],
  [{ learningRate: 0 }, "learningRate"],
  [{ learningRate: Number.NaN }, "learningRate"],
  [{ decayShare: 2 }, "decayShare"],
  [{ screen: "4bit" as "8bit" }, "screen"],
])("%j cannot be", (settings, field) => {
  expect(() => make(settings)).toThrow(expect.objectContaining({ field }));
});

test("a width that the memory does not hold is refused before anything is allocated", () => {
  expect(() => make({ features: 2 ** 24 })).toThrow(expect.objectContaining({ code: "environment", field: "features" }));
});

test("the memory of a run counts both trainers, the copied weights, a batch and the pool", () => {
  const shape = trainConfig("short", { features: 1000, batch: 100, k: 10, poolRows: 5000 }, { d: 20, trainRows: 300 });
  const weights = 2 * 4 * 1000 * 20;
  const trainers = 2 * (3 * weights + 4 * 1000 * 20);
  const bytes = trainers + weights + 100 * (20 * 16 + 10 * 32);
  expect(trainingBytes(shape, { d: 20, trainRows: 1e9 })).toBe(bytes + 5000 * 20 * 2);
  expect(trainingBytes(shape, { d: 20, trainRows: 300 })).toBe(bytes + 300 * 20 * 2);
});

test("a pool that the memory does not hold is refused, unless the store is smaller than it", () => {
  const poolRows = 1e12;
  expect(() => trainConfig("short", { poolRows }, { d: 576, trainRows: 1e12 })).toThrow(expect.objectContaining({ code: "environment" }));
  expect(trainConfig("short", { poolRows }, data).poolRows).toBe(poolRows);
});

test("a run of fewer than 300 default steps is given the short preset, unless its length or rate is chosen", () => {
  expect(recommendedPreset({}, data)).toBe("short");
  expect(recommendedPreset({ features: 16_384, k: 64 }, data)).toBe("short");
  expect(recommendedPreset({}, { trainRows: 299 * 4096 })).toBe("short");
  expect(recommendedPreset({}, { trainRows: 299 * 4096 + 1 })).toBe("default");
  expect(recommendedPreset({}, data, 20e6)).toBe("default");
  expect(recommendedPreset({ recipe: "scaling-monosemanticity" }, data)).toBe("default");
  for (const given of [{ steps: 50 }, { batch: 512 }, { learningRate: 1e-3 }]) expect(recommendedPreset(given, data)).toBe("default");
});

test("the dead window is 10⁷ tokens or a fifth of the run", () => {
  expect(deadWindow({ deadAfter: null, steps: 1500, batch: 1024 })).toBe(307_200);
  expect(deadWindow({ deadAfter: null, steps: 200_000, batch: 4096 })).toBe(1e7);
  expect(deadWindow({ deadAfter: 5, steps: 10, batch: 10 })).toBe(5);
});

test("the first differing field is named", () => {
  expect(configDifference(make({}), make({}))).toBeUndefined();
  expect(configDifference(make({ seed: 1 }), make({ seed: 2 }))).toBe("seed");
});
