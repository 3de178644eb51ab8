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
    pretokenizers: [split("\\p{N}+"), split(gpt2Regex), bytes],
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

const nest = (type: string, key: string, depth: number): unknown => {
  let step: unknown = null;
  for (let i = 0; i < depth; i++) step = { type, [key]: [step] };
  return step;
};

describe("refusals", () => {
  test.each([
    ["unsupported", { model: { type: "Unigram", vocab: [] } }, /a Unigram tokenizer/],
    ["unsupported", { pre_tokenizer: { type: "UnicodeScripts" } }, /the pre-tokenizer UnicodeScripts/],
    ["unsupported", { pre_tokenizer: { type: "ByteLevel", add_prefix_space: true } }, /add_prefix_space/],
    ["unsupported", { pre_tokenizer: { type: "Split", pattern: { Regex: "a" }, behavior: "MergedWithNext" } }, /MergedWithNext/],
    ["unsupported", { pre_tokenizer: nest("Sequence", "pretokenizers", 20_000) }, /so many steps/],
    ["unsupported", { normalizer: nest("Sequence", "normalizers", 20_000) }, /so many steps/],
    [
      "unsupported",
      { normalizer: { type: "Sequence", normalizers: Array.from({ length: 40 }, () => ({ type: "NFC" })) } },
      /so many steps/,
    ],
    [
      "unsupported",
      { pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "ByteLevel" }, { type: "ByteLevel" }] } },
      /ByteLevel twice/,
    ],
    ["unsupported", { normalizer: { type: "Nmt" } }, /the normalizer Nmt/],
    ["unsupported", { post_processor: { type: "New" } }, /the post-processor New/],
    ["bad_file", { normalizer: { type: "Replace", pattern: { String: "" }, content: "x" } }, /the pattern/],
    ["bad_file", { normalizer: { type: "Replace", pattern: { String: "a" }, content: "x".repeat(99) } }, /the replacement/],
    ["bad_file", { normalizer: { type: "Prepend", prepend: 5 } }, /the replacement 5/],
    ["bad_file", { pre_tokenizer: { type: "Split", pattern: 5, behavior: "Isolated" } }, /the pattern 5/],
    ["bad_file", { pre_tokenizer: { type: "Metaspace", replacement: "ab" } }, /the Metaspace/],
    ["bad_file", { post_processor: { type: "TemplateProcessing", single: [{ SpecialToken: null }] } }, /the template item/],
    ["bad_file", { post_processor: { type: "RobertaProcessing", cls: 1 } }, /the token 1/],
    ["bad_file", { model: { type: "BPE", vocab: [0], merges: [] } }, /a list as model.vocab/],
    ["bad_file", { model: { type: "BPE", vocab: { a: 2 ** 21 }, merges: [] } }, /the id 2097152 and only/],
    ["bad_file", { added_tokens: Array.from({ length: 2 ** 16 + 1 }, (_, id) => ({ id, content: `<${id}>` })) }, /65537 added tokens/],
    ["bad_file", { added_tokens: [{ id: 1, content: "x".repeat(1000) }] }, /added token/],
    ["bad_file", { model: { type: "BPE", merges: [] } }, /no model.vocab/],
    ["bad_file", { model: { type: "BPE", vocab: { a: -1 }, merges: [] } }, /"a" the id -1/],
    ["bad_file", { model: { type: "BPE", vocab: { a: 0 }, merges: ["ab"] } }, /the merge "ab"/],
    ["bad_file", { model: { type: "BPE", vocab: { a: 0 } } }, /no model.merges/],
    ["bad_file", { added_tokens: [{ id: 3 }] }, /added token/],
  ])("%s: %#", (code, change, message) => {
    expect(() => check(change)).toThrow(message);
    expect(() => check(change)).toThrow(expect.objectContaining({ code, file: "tokenizer.json" }));
  });
});
