import type { Architecture } from "@lexiscope/contract";
import { expect, test } from "vitest";
import { flopsPerToken } from "./model-rows.ts";

test("SmolLM2-135M to block 15 at context 256", () => {
  const smol = { d: 576, heads: 9, kvHeads: 3, headWidth: 64, ff: 1536 } as Architecture;
  // per block: q and o 576·576, k and v 576·192, three of 576·1536; two operations each, and 4·576·128 for attention
  expect(flopsPerToken(smol, 16, 256)).toBe(16 * (2 * (2 * 576 * 576 + 2 * 576 * 192 + 3 * 576 * 1536) + 4 * 576 * 128));
});
