import { createRandom } from "@lexiscope/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseToken, logSumExp, samplingSettings } from "./sampling.ts";
import type { SamplingOptions } from "./types.ts";

const none = new Set<number>();
const logsOf = (...p: number[]): Float32Array => Float32Array.from(p, Math.log);

/** Shares of the ids over many draws. */
function shares(
  logits: Float32Array,
  options: Partial<SamplingOptions>,
  { vocabulary = logits.length, seen = none, draws = 40_000 } = {},
): number[] {
  const settings = samplingSettings({ temperature: 1, ...options });
  const random = createRandom(7);
  const counts = new Array<number>(logits.length).fill(0);
  for (let i = 0; i < draws; i++) {
    const { id } = chooseToken(logits, vocabulary, settings, seen, random);
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts.map((count) => count / draws);
}

/** Four standard errors of a share over 40,000 draws are at most 0.01. */
function expectShares(got: number[], want: number[]): void {
  expect(got).toHaveLength(want.length);
  got.forEach((share, id) => {
    if (want[id] === 0) expect(share).toBe(0);
    else expect(Math.abs(share - (want[id] ?? 0))).toBeLessThan(0.01);
  });
}

describe("greedy", () => {
  it("takes the largest logit, the lower id on a tie, and gives its log probability", () => {
    const { id, logprob } = chooseToken(Float32Array.of(1, 3, 3, 0), 4, samplingSettings({}), none, createRandom(0));
    expect(id).toBe(1);
    expect(logprob).toBeCloseTo(3 - Math.log(Math.E + 2 * Math.E ** 3 + 1), 6);
  });

  it("never takes a padding row", () => {
    expect(chooseToken(Float32Array.of(1, 2, 9, 9), 2, samplingSettings({}), none, createRandom(0)).id).toBe(1);
  });
});

describe("temperature", () => {
  const logits = logsOf(0.5, 0.25, 0.125, 0.125);
  it("1 draws from the distribution itself", () => expectShares(shares(logits, {}), [0.5, 0.25, 0.125, 0.125]));
  it("½ squares the odds", () => expectShares(shares(logits, { temperature: 0.5 }), [16 / 22, 4 / 22, 1 / 22, 1 / 22]));
  it("of almost nothing is greedy and does not overflow", () =>
    expectShares(shares(Float32Array.of(-1e30, 5, 4.99), { temperature: 1e-9 }, { draws: 100 }), [0, 1, 0]));
  it("never draws a padding row", () => expectShares(shares(logsOf(0.2, 0.2, 0.6), {}, { vocabulary: 2 }), [0.5, 0.5, 0]));
});

describe("top-p", () => {
  const logits = logsOf(0.125, 0.5, 0.25, 0.125);
  it("keeps the smallest set that reaches p", () => {
    expectShares(shares(logits, { topP: 0.7 }), [0, 2 / 3, 1 / 3, 0]);
    expectShares(shares(logits, { topP: 0.8 }), [1 / 7, 4 / 7, 2 / 7, 0]);
  });
  it("0 keeps the most likely token, and 1 keeps all", () => {
    expectShares(shares(logits, { topP: 0 }), [0, 1, 0, 0]);
    expectShares(shares(logits, { topP: 1 }), [0.125, 0.5, 0.25, 0.125]);
  });
  it("is reached exactly by a set that sums to p", () =>
    expectShares(shares(Float32Array.of(1, 1, 1, 1), { topP: 0.5 }), [0.5, 0.5, 0, 0]));
  it("works on a whole vocabulary with a long tail", () => {
    const tail = new Float32Array(50_000).fill(Math.log(0.05 / 49_998));
    tail[17] = Math.log(0.6);
    tail[40_000] = Math.log(0.35);
    const settings = samplingSettings({ temperature: 1, topP: 0.9 });
    const random = createRandom(3);
    const ids = new Set(Array.from({ length: 200 }, () => chooseToken(tail, 50_000, settings, none, random).id));
    expect(ids).toEqual(new Set([17, 40_000]));
  });
});

describe("repetition penalty", () => {
  it("divides positive and multiplies negative logits of seen tokens", () => {
    const settings = samplingSettings({ repetitionPenalty: 2 });
    expect(chooseToken(Float32Array.of(3, 2, -1), 3, settings, new Set([0]), createRandom(0)).id).toBe(1);
    expect(chooseToken(Float32Array.of(-3, -1, -1.5), 3, settings, new Set([1]), createRandom(0)).id).toBe(2);
    expect(chooseToken(Float32Array.of(3, 2), 2, settings, new Set([0, 1, 5]), createRandom(0)).id).toBe(0);
  });
  it("leaves the log probability the model's own", () => {
    const logits = Float32Array.of(3, 2, -1);
    const { logprob } = chooseToken(logits, 3, samplingSettings({ repetitionPenalty: 2 }), new Set([0]), createRandom(0));
    expect(logprob).toBeCloseTo(2 - logSumExp(logits), 6);
  });
});

describe("bad input", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses a logit of %d in any mode", (bad) => {
    for (const temperature of [0, 1]) {
      expect(() => chooseToken(Float32Array.of(1, bad, 2), 3, samplingSettings({ temperature }), none, createRandom(0))).toThrow(
        /no longer finite/,
      );
    }
  });
  it.each([
    { temperature: -1 },
    { temperature: Number.NaN },
    { topP: 1.5 },
    { topP: -0.1 },
    { repetitionPenalty: 0 },
    { maxTokens: 0 },
    { maxTokens: 1.5 },
    { seed: 0.5 },
    { stop: [""] },
  ])("refuses %j by its name", (bad) => {
    expect(() => samplingSettings(bad)).toThrow(expect.objectContaining({ code: "invalid_input", field: Object.keys(bad)[0] }));
  });
});

it("gives the same tokens for the same seed, and never one outside the nucleus", () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 40 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0.1, max: 3, noNaN: true }),
      fc.integer(),
      (values, topP, temperature, seed) => {
        const logits = Float32Array.from(values);
        const settings = samplingSettings({ temperature, topP });
        const { id } = chooseToken(logits, logits.length, settings, none, createRandom(seed));
        expect(chooseToken(logits, logits.length, settings, none, createRandom(seed)).id).toBe(id);
        // The tokens before it, most likely first, must not reach p already.
        const weights = Float64Array.from(logits, (logit) => Math.exp((logit - Math.max(...logits)) / temperature));
        const total = weights.reduce((a, b) => a + b, 0);
        const own = weights[id] ?? 0;
        const before = weights.reduce((sum, weight, other) => sum + (weight > own || (weight === own && other < id) ? weight : 0), 0);
        expect(before).toBeLessThanOrEqual(topP * total + 1e-9 * total);
      },
    ),
  );
});
