import { expect, test } from "vitest";
import { trainConfig, type TrainSettings } from "../config.ts";
import type { ConfigOf } from "./architecture.ts";
import { relu } from "./relu.ts";

const data = { d: 576, trainRows: 285_000 };
const make = (settings: TrainSettings = {}, preset: "default" | "short" = "default"): ConfigOf<"relu"> => {
  const config = trainConfig(preset, { recipe: "scaling-monosemanticity", ...settings }, data);
  if (config.architecture !== "relu") throw new Error("another architecture");
  return config;
};

test("the recipe is science.md §4's", () => {
  expect(make({ steps: 200_000 })).toMatchObject({
    architecture: "relu",
    features: 16_384,
    batch: 4096,
    l1: 5,
    l1WarmupShare: 0.05,
    learningRate: 5e-5,
    warmupSteps: 0,
    decayShare: 0.2,
    clipNorm: 1,
    decoderNorm: 0.1,
    encoderScale: 1,
    normalise: "rms",
    decoderBiasInit: "zero",
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  });
});

test("F29: λ rises over the first twentieth of 40 steps, its first step is half of it", () => {
  const config = make({ steps: 40 });
  expect([0, 1, 2, 39].map((t) => relu.penaltyAt(config, t))).toEqual([2.5, 5, 5, 5]);
  expect(relu.penaltyAt(make({ steps: 40, l1WarmupShare: 0, l1: 3 }), 0)).toBe(3);
});

test.each<[TrainSettings, string]>([
  [{ k: 32 }, "k"],
  [{ auxCoefficient: 1 }, "auxCoefficient"],
  [{ l1: -1 }, "l1"],
  [{ decoderNorm: 0 }, "decoderNorm"],
])("%j cannot be", (settings, field) => {
  expect(() => make(settings)).toThrow(expect.objectContaining({ code: "invalid_input", field }));
});

test("a penalty is refused where there is none", () => {
  expect(() => trainConfig("default", { l1: 5 }, data)).toThrow(/l1 belongs to the recipe scaling-monosemanticity/);
});

test("the memory of a step counts all gradients and the tiles of the dense path", () => {
  const config = make({ features: 16_384 });
  expect(relu.stepBytes(config, 576)).toBe(2 * 4 * 16_384 * 576 + 2 * 4 * 16_384 * 1024 + 4 * 16_384 * 576);
});
