import { describe, expect, test } from "vitest";
import { gpt2Regex } from "./pre-tokenizers.ts";
import { tinyTokenizerJson } from "./tiny-model.fixture.ts";
import { checkTokenizerJson, splitMerge, tokenBytesKind } from "./tokenizer-json.ts";

const check = (change: Record<string, unknown>): ReturnType<typeof checkTokenizerJson> =>
  checkTokenizerJson({ ...tinyTokenizerJson(), ...change }, "tokenizer.json");

test("Digits and ByteLevel become splits that the library translates exactly", () => {
  const { pre_tokenizer } = check({
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Digits", individual_digits: false },
        { type: "ByteLevel", add_prefix_space: false, use_regex: true },
      ],
    },
  });
  const bytes = { type: "ByteLevel", add_prefix_space: false, use_regex: false };
  const split = (Regex: string) => ({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false });
  expect(pre_tokenizer).toEqual({
    type: "Sequence",
    pretokenizers: [split("\\p{N}+"), { type: "Sequence", pretokenizers: [split(gpt2Regex), bytes] }],
  });
});

test("both styles of merges", () => {
  expect(check({ model: { type: "BPE", vocab: { a: 0 }, merges: ["a b", ["c", "d e"]] } }).model.merges).toEqual([
    ["a", "b"],
    ["c", "d e"],
  ]);
  expect(splitMerge("  b")).toEqual([" ", "b"]);
});

test("the decoder says how tokens become bytes", () => {
  expect(tokenBytesKind(check({}), "f")).toBe("byte-level");
  expect(
    tokenBytesKind(
      check({ decoder: { type: "Sequence", decoders: [{ type: "Replace" }, { type: "ByteFallback" }, { type: "Fuse" }] } }),
      "f",
    ),
  ).toBe("sentencepiece");
  expect(() => tokenBytesKind(check({ decoder: { type: "WordPiece" } }), "f")).toThrow(/the decoder WordPiece is not yet supported/);
});

describe("refusals", () => {
  test.each([
    ["unsupported", { model: { type: "Unigram", vocab: [] } }, /a Unigram tokenizer/],
    ["unsupported", { pre_tokenizer: { type: "UnicodeScripts" } }, /the pre-tokenizer UnicodeScripts/],
    ["unsupported", { pre_tokenizer: { type: "ByteLevel", add_prefix_space: true } }, /add_prefix_space/],
    ["unsupported", { pre_tokenizer: { type: "Split", pattern: { Regex: "a" }, behavior: "MergedWithNext" } }, /MergedWithNext/],
    ["bad_file", { model: { type: "BPE", merges: [] } }, /no model.vocab/],
    ["bad_file", { model: { type: "BPE", vocab: { a: -1 }, merges: [] } }, /"a" the id -1/],
    ["bad_file", { model: { type: "BPE", vocab: { a: 0 }, merges: ["ab"] } }, /the merge "ab"/],
    ["bad_file", { model: { type: "BPE", vocab: { a: 0 } } }, /no model.merges/],
    ["bad_file", { added_tokens: [{ id: 3 }] }, /added token/],
  ])("%s: %j", (code, change, message) => {
    expect(() => check(change)).toThrow(message);
    expect(() => check(change)).toThrow(expect.objectContaining({ code, file: "tokenizer.json" }));
  });
});
