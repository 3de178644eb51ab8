import { expect, test } from "vitest";
import { HfConfig } from "./hf-config.ts";
import { ropeDivisors } from "./rope-scaling.ts";

const llama31 = new HfConfig("config.json", {
  rope_type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
});

test("llama3 as Transformers 5.23 computes it for Llama 3.1 8B", () => {
  const divisors = ropeDivisors(llama31, 500_000, 128) ?? [];
  expect(divisors.length).toBe(64);
  for (const [i, expected] of [
    [0, 1],
    [28, 1],
    [29, 1.207484],
    [30, 1.553414],
    [31, 2.026313],
    [32, 2.69453],
    [33, 3.684254],
    [34, 5.257327],
    [35, 8],
    [63, 8],
  ] as const)
    expect(divisors[i]).toBeCloseTo(expected, 4);
});

test("linear divides all, none and default divide nothing, others are refused by name", () => {
  expect(ropeDivisors(new HfConfig("c", { type: "linear", factor: 4 }), 10_000, 4)).toEqual([4, 4]);
  expect(ropeDivisors(new HfConfig("c", { rope_type: "default", rope_theta: 1 }), 10_000, 4)).toBeUndefined();
  expect(ropeDivisors(undefined, 10_000, 4)).toBeUndefined();
  expect(() => ropeDivisors(new HfConfig("c", { rope_type: "yarn", factor: 4 }), 10_000, 4)).toThrow(/"yarn" are not yet supported/);
  expect(() => ropeDivisors(new HfConfig("c", { type: "llama3", factor: 8 }), 10_000, 4)).toThrow(/lacks rope_scaling.low_freq_factor/);
});
