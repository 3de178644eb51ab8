import { expect, test } from "vitest";
import { stopTokens } from "./stop-tokens.ts";

test("named ids and well-known special tokens, each once, within the vocabulary", () => {
  const texts = ["<|endoftext|>", "a", "<|im_end|>", "</s>", "<pad>"];
  const options = { named: [2, undefined, 99], specialIds: [0, 2, 4], textOf: (id: number) => texts[id] ?? "", vocabulary: 5 };
  expect(stopTokens(options)).toEqual([0, 2]); // 3 is not special
});
