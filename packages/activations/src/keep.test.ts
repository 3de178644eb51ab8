import { expect, test } from "vitest";
import { defaultKeepRule, keepMask } from "./keep.ts";

test("position 0 and special tokens are left out by default", () => {
  const tokens = Int32Array.of(5, 6, 1, 7);
  expect([...keepMask(tokens, defaultKeepRule, new Set([1]))]).toEqual([0, 1, 0, 1]);
  expect([...keepMask(tokens, { ...defaultKeepRule, skipPositionZero: false, skipSpecialTokens: false }, new Set([1]))]).toEqual([
    1, 1, 1, 1,
  ]);
});
