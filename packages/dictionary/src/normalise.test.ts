import { expect, test } from "vitest";
import { geometricMedian, inputScale } from "./normalise.ts";

test("F30: rms scale", () => {
  expect(inputScale("rms", 2, 13)).toBeCloseTo(0.392232, 6);
  expect(inputScale("none", 2, 13)).toBe(1);
});

test("F30b: geometric median of a triangle", () => {
  const median = geometricMedian(Float32Array.of(0, 0, 4, 0, 0, 3), 2);
  expect(median[0]).toBeCloseTo(0.6957885, 3);
  expect(median[1]).toBeCloseTo(0.7511761, 3);
});

test("a guess on a data point, and equal points, give no NaN", () => {
  // The mean of these is the first point itself.
  const median = geometricMedian(Float32Array.of(0, 0, 1, 0, -1, 0, 0, 1, 0, -1), 2);
  expect(Math.hypot(median[0] ?? NaN, median[1] ?? NaN)).toBeLessThan(1e-4);
  expect([...geometricMedian(Float32Array.of(2, 3, 2, 3), 2)]).toEqual([2, 3]);
});
