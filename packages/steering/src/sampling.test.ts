import { createRandom } from "@lexiscope/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseToken, type DrawState } from "./sampling.ts";
import { samplingSettings } from "./sampling-settings.ts";
import { logSumExp } from "./testing/log-sum-exp.ts";
import type { SamplingOptions } from "./types.ts";

/** A run that has seen `seen` and generated `counts`, with a random stream from `seed`. */
function drawState({
  seen = [],
  counts = {},
  seed = 0,
}: { seen?: number[]; counts?: Record<number, number>; seed?: number } = {}): DrawState {
  return {
    seen: new Set(seen),
    counts: new Map(Object.entries(counts).map(([id, count]) => [Number(id), count])),
    random: createRandom(seed),
  };
}
const logsOf = (...p: number[]): Float32Array => Float32Array.from(p, Math.log);

/** Shares of the ids over many draws. */
function shares(
  logits: Float32Array,
  options: Partial<SamplingOptions>,
  {
    vocabulary = logits.length,
    counts = {},
    draws = 40_000,
  }: { vocabulary?: number; counts?: Record<number, number>; draws?: number } = {},
): number[] {
  const settings = samplingSettings({ temperature: 1, ...options });
  const state = drawState({ counts, seed: 7 });
  const drawn = new Array<number>(logits.length).fill(0);
  for (let i = 0; i < draws; i++) {
    const { id } = chooseToken(logits, vocabulary, settings, state);
    drawn[id] = (drawn[id] ?? 0) + 1;
  }
  return drawn.map((count) => count / draws);
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
    const { id, logprob } = chooseToken(Float32Array.of(1, 3, 3, 0), 4, samplingSettings({}), drawState());
    expect(id).toBe(1);
    expect(logprob).toBeCloseTo(3 - Math.log(Math.E + 2 * Math.E ** 3 + 1), 6);
  });

  it("never takes a padding row", () => {
    expect(chooseToken(Float32Array.of(1, 2, 9, 9), 2, samplingSettings({}), drawState()).id).toBe(1);
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
    const state = drawState({ seed: 3 });
    const ids = new Set(Array.from({ length: 200 }, () => chooseToken(tail, 50_000, settings, state).id));
    expect(ids).toEqual(new Set([17, 40_000]));
  });
});

describe("repetition penalty", () => {
  it("divides positive and multiplies negative logits of seen tokens", () => {
    const settings = samplingSettings({ repetitionPenalty: 2 });
    expect(chooseToken(Float32Array.of(3, 2, -1), 3, settings, drawState({ seen: [0] })).id).toBe(1);
    expect(chooseToken(Float32Array.of(-3, -1, -1.5), 3, settings, drawState({ seen: [1] })).id).toBe(2);
    expect(chooseToken(Float32Array.of(3, 2), 2, settings, drawState({ seen: [0, 1, 5] })).id).toBe(0);
  });
  it("leaves the log probability the model's own", () => {
    const logits = Float32Array.of(3, 2, -1);
    const { logprob } = chooseToken(logits, 3, samplingSettings({ repetitionPenalty: 2 }), drawState({ seen: [0] }));
    expect(logprob).toBeCloseTo(2 - logSumExp(logits), 6);
  });
});

describe("frequency and presence penalties", () => {
  it("take count·frequency + presence off the logits of generated tokens", () => {
    // 3 − 2·0.5 − 0.25 = 1.75 and 2 − 1·0.5 − 0.25 = 1.25; token 2 was never generated and keeps its 1.5.
    const logits = Float32Array.of(3, 2, 1.5);
    const want = [1.75, 1.25, 1.5].map(Math.exp);
    const total = want.reduce((a, b) => a + b, 0);
    expectShares(
      shares(logits, { frequencyPenalty: 0.5, presencePenalty: 0.25 }, { counts: { 0: 2, 1: 1 } }),
      want.map((w) => w / total),
    );
  });
  it("may be negative, and decide a greedy choice", () => {
    const choose = (options: Partial<SamplingOptions>, counts: Record<number, number>): number =>
      chooseToken(Float32Array.of(3, 2.5, 2), 3, samplingSettings(options), drawState({ counts })).id;
    expect(choose({ frequencyPenalty: 0.3 }, { 0: 1 })).toBe(0);
    expect(choose({ frequencyPenalty: 0.3 }, { 0: 2 })).toBe(1);
    expect(choose({ presencePenalty: 2 }, { 0: 1, 1: 9 })).toBe(2);
    expect(choose({ presencePenalty: -2 }, { 2: 1 })).toBe(2);
  });
  it("of 0 change nothing, and neither counts what only stood in the prompt", () => {
    const logits = logsOf(0.5, 0.25, 0.125, 0.125);
    const plain = shares(logits, {}, { draws: 500 });
    expect(shares(logits, { frequencyPenalty: 0, presencePenalty: 0 }, { counts: { 0: 9 }, draws: 500 })).toEqual(plain);
    const seen = chooseToken(logits, 4, samplingSettings({ frequencyPenalty: 2, presencePenalty: 2 }), drawState({ seen: [0] }));
    expect(seen.id).toBe(0);
  });
});

describe("logit bias", () => {
  const logits = Float32Array.of(5, 4, 3, -300);
  const bias = (entries: [number, number][], temperature = 1): number[] =>
    shares(logits, { temperature, logitBias: new Map(entries) }, { draws: 4000 });
  it("is added to the logit", () => {
    const weights = [5, 6, 3].map(Math.exp);
    const total = weights.reduce((a, b) => a + b, 0);
    const got = shares(logits, { logitBias: new Map([[1, 2]]) });
    expectShares(got, [...weights.map((w) => w / total), 0]);
  });
  it("of −100 is never chosen, of 100 always, whatever the logits and the temperature", () => {
    for (const temperature of [0, 1, 50]) {
      expect(bias([[0, -100]], temperature)[0]).toBe(0);
      expect(bias([[3, 100]], temperature)).toEqual([0, 0, 0, 1]);
    }
  });
  it("of 100 on several leaves the choice between them to the model", () => {
    expectShares(
      shares(logits, {
        logitBias: new Map([
          [1, 100],
          [2, 100],
        ]),
      }),
      [0, Math.E / (1 + Math.E), 1 / (1 + Math.E), 0],
    );
  });
  it("leaves the log probability the model's own", () => {
    const { id, logprob } = chooseToken(logits, 4, samplingSettings({ logitBias: new Map([[2, 50]]) }), drawState());
    expect(id).toBe(2);
    expect(logprob).toBeCloseTo(3 - logSumExp(logits), 6);
  });
  it("that bans every token is refused", () => {
    const settings = samplingSettings({
      logitBias: new Map([
        [0, -100],
        [1, -100],
      ]),
    });
    expect(() => chooseToken(Float32Array.of(1, 2), 2, settings, drawState())).toThrow(
      expect.objectContaining({ code: "invalid_input", field: "logitBias" }),
    );
  });
  it.each([[[4, 1]], [[-1, 1]], [[0.5, 1]], [[0, 101]], [[0, -100.5]], [[0, Number.NaN]]] as [number, number][][])(
    "of %j is refused for a vocabulary of 4",
    (entry) => {
      expect(() => samplingSettings({ logitBias: new Map([entry]) }, 4)).toThrow(
        expect.objectContaining({ code: "invalid_input", field: "logitBias" }),
      );
    },
  );
});

describe("top log probabilities", () => {
  it("are the model's own, sorted, ties by lower id, and sum to at most 1", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.float({ min: -20, max: 20, noNaN: true }), fc.constantFrom(1, 2)), { minLength: 1, maxLength: 60 }),
        fc.nat(20),
        (values, topLogprobs) => {
          const logits = Float32Array.from(values);
          const settings = samplingSettings({ topLogprobs, frequencyPenalty: 1, logitBias: new Map([[0, 5]]) });
          const { top } = chooseToken(logits, logits.length, settings, drawState({ counts: { 0: 3 } }));
          const want = Array.from(logits.keys())
            .sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b)
            .slice(0, topLogprobs);
          expect(top.map(({ id }) => id)).toEqual(want);
          for (const { id, logprob } of top) expect(logprob).toBeCloseTo((logits[id] ?? 0) - logSumExp(logits), 5);
          expect(top.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0)).toBeLessThanOrEqual(1 + 1e-5);
        },
      ),
    );
  });
  it("never name a padding row, and are none unless asked for", () => {
    const logits = Float32Array.of(1, 2, 9);
    expect(chooseToken(logits, 2, samplingSettings({ topLogprobs: 5 }), drawState()).top.map(({ id }) => id)).toEqual([1, 0]);
    expect(chooseToken(logits, 2, samplingSettings({}), drawState()).top).toEqual([]);
  });
});

describe("bad input", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses a logit of %d in any mode", (bad) => {
    for (const temperature of [0, 1]) {
      expect(() => chooseToken(Float32Array.of(1, bad, 2), 3, samplingSettings({ temperature }), drawState())).toThrow(/no longer finite/);
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
    { frequencyPenalty: 2.1 },
    { presencePenalty: -2.1 },
    { presencePenalty: Number.NaN },
    { topLogprobs: 21 },
    { topLogprobs: 1.5 },
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
        const { id } = chooseToken(logits, logits.length, settings, drawState({ seed }));
        expect(chooseToken(logits, logits.length, settings, drawState({ seed })).id).toBe(id);
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
