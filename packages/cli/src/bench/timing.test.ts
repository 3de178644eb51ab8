import { expect, test } from "vitest";
import { median } from "./timing.ts";

test("the median of odd, even and no numbers", () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, Number.NaN]);
});
