import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { createRandom, mixSeed } from "./random.ts";

describe("createRandom", () => {
  it("gives the same stream for the same seed and another for the next", () => {
    const take = (seed: number): number[] => Array.from({ length: 8 }, createRandom(seed).next);
    expect(take(7)).toEqual(take(7));
    expect(take(7)).not.toEqual(take(8));
  });

  it("is uniform: mean and variance of 100,000 draws are within five standard errors", () => {
    const random = createRandom(1);
    const n = 100_000;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const x = random.next();
      sum += x;
      squares += x * x;
    }
    const mean = sum / n;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(squares / n - mean * mean - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n));
  });

  it("draws every integer below n and nothing else", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer(), (n, seed) => {
        const random = createRandom(seed);
        const seen = new Set(Array.from({ length: n * 60 }, () => random.below(n)));
        expect(Math.max(...seen)).toBe(n - 1);
        expect(Math.min(...seen)).toBe(0);
        expect(seen.size).toBe(n);
      }),
      { numRuns: 50 },
    );
  });

  it("draws normals with mean 0 and variance 1", () => {
    const random = createRandom(3);
    const n = 100_000;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const x = random.normal();
      sum += x;
      squares += x * x;
    }
    expect(Math.abs(sum / n)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(squares / n - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  });

  it("shuffles into a permutation", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), fc.integer(), (n, seed) => {
        const items = createRandom(seed).shuffle(Array.from({ length: n }, (_, i) => i));
        expect(items.toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });
});

describe("mixSeed", () => {
  it("separates neighbouring streams and the order of the parts", () => {
    const seeds = new Set<number>();
    for (let a = 0; a < 100; a++) for (let b = 0; b < 100; b++) seeds.add(mixSeed(a, b));
    expect(seeds.size).toBeGreaterThan(9_990);
    expect(mixSeed(1, 2)).not.toBe(mixSeed(2, 1));
  });
});
