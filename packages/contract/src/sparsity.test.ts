import { expect, test } from "vitest";
import { sparsityText } from "./sparsity.ts";

test("says k where there is one, else λ", () => {
  expect([{ k: 32 }, { k: null, l1: 5 }, { l1: 0.5 }, { kind: "jumprelu", k: null }, {}].map(sparsityText)).toEqual([
    "k 32",
    "λ 5",
    "λ 0.5",
    "jumprelu",
    "no fixed k",
  ]);
});
