import { createTokenizer } from "@lexiscope/model";
import { mutatedJson } from "../mutate-json.ts";
import type { FuzzTarget } from "../target.ts";

const text = "Hello <|end|> wörld 123\n\n  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! \ud800 😀";

/** `tokenizer.json`: opened, then used on a text, there and back. */
export async function tokenizer(): Promise<FuzzTarget> {
  const letters = ["H", "e", "l", "o", "a", "w", "r", "d", "1", "2", "3", "!", "Ġ", "Ċ", "Ã", "¶", "ll", "he", "aa"];
  const added = [
    { id: 19, content: "<|end|>", special: true, single_word: false, lstrip: true, rstrip: true, normalized: false },
    { id: 20, content: "wör", special: false, single_word: true, lstrip: false, rstrip: false, normalized: true },
  ];
  const vocab = Object.fromEntries(letters.map((letter, id) => [letter, id]));
  const byteLevel = {
    version: "1.0",
    added_tokens: added,
    normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Replace", pattern: { String: "b" }, content: "bb" }] },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: "\\p{N}{1,3}|\\s+" }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, use_regex: true },
      ],
    },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<|end|>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab, merges: ["l l", ["a", "a"]], ignore_merges: true },
  };
  const sentencePiece = {
    added_tokens: [{ id: 0, content: "<unk>", special: true }],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: "Sequence",
      decoders: [{ type: "Replace" }, { type: "ByteFallback" }, { type: "Fuse" }, { type: "Strip", content: " ", start: 1, stop: 0 }],
    },
    model: {
      type: "BPE",
      vocab: { "<unk>": 0, "▁": 1, H: 2, e: 3, "<0x0A>": 4 },
      merges: ["▁ H"],
      byte_fallback: true,
      fuse_unk: true,
      unk_token: "<unk>",
    },
  };
  const seeds = [byteLevel, sentencePiece].map((json) => JSON.stringify(json));
  return {
    seeds: seeds.map((seed) => new TextEncoder().encode(seed)),
    arbitrary: mutatedJson(seeds),
    limits: { cpuMs: 4000 },
    read: (input) => {
      let json: unknown;
      try {
        json = JSON.parse(new TextDecoder().decode(input));
      } catch {
        return; // readJson's part
      }
      const made = createTokenizer({ json, file: "tokenizer.json" });
      const ids = made.encode(text);
      made.encode(text, { literal: true, addSpecial: false });
      made.decode(ids, { skipSpecial: true });
      for (const id of ids) made.tokenText(id);
    },
  };
}
