import { expect, test } from "vitest";
import { largestByBucket } from "./downsample.ts";

test("a strip keeps the largest of each stretch", () => {
  expect(largestByBucket([1, 5, 2, 0, 0, 3], 3)).toEqual([5, 2, 3]);
  expect(largestByBucket([1, 2], 10)).toEqual([1, 2]);
  expect(largestByBucket([], 10)).toEqual([]);
  expect(
    Math.max(
      ...largestByBucket(
        new Array(1999).fill(0).map((_, i) => i),
        600,
      ),
    ),
  ).toBe(1998);
});
