import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { builtInForTests, goldenPath } from "./built-in.fixture.ts";
import { planGguf } from "./plan-gguf.ts";
import { tinyTokenizerJson, tinyTokens } from "./tiny-model.fixture.ts";
import { createTokenizer } from "./tokenizer.ts";
import type { Tokenizer } from "./types.ts";

const { path, skipped } = await builtInForTests();

describe.skipIf(skipped)(`SmolLM2's tokenizer, built from GGUF keys ${skipped ?? ""}`, () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = createTokenizer((await planGguf(path ?? "")).tokenizer);
  });

  test("240 strings as Transformers 5.23 tokenises and decodes them", () => {
    const { items } = JSON.parse(readFileSync(goldenPath("tokens.json"), "utf8")) as {
      items: { text: string; ids: number[]; decoded: string }[];
    };
    expect(items.length).toBeGreaterThanOrEqual(200);
    for (const { text, ids, decoded } of items) {
      expect({ text, ids: tokenizer.encode(text), decoded: tokenizer.decode(ids) }).toEqual({ text, ids, decoded });
    }
  });

  test("special tokens are read as such, or literally", () => {
    const text = "<|im_start|>user\nHi<|im_end|>";
    expect(tokenizer.encode(text)).toEqual([1, 4093, 198, 26843, 2]);
    const literal = tokenizer.encode(text, { literal: true });
    expect(literal.some((id) => tokenizer.specialIds.has(id))).toBe(false);
    expect(tokenizer.decode(literal)).toBe(text);
    expect(tokenizer.decode([1, 4093, 2], { skipSpecial: true })).toBe("user");
    expect([...tokenizer.specialIds].length).toBe(17);
    expect(tokenizer).toMatchObject({ size: 49_152, bosToken: "<|im_start|>", eosToken: "<|im_end|>" });
  });

  test("lone surrogates count as U+FFFD", () => {
    expect(tokenizer.encode("a\ud800b")).toEqual(tokenizer.encode("a\ufffdb"));
    expect(tokenizer.encode("\udc00")).toEqual(tokenizer.encode("\ufffd"));
  });

  test("bytes of the tokens joined are the text's UTF-8, for all text without the bytes that the vocabulary lacks", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, literal) => {
        const bytes = Buffer.concat(tokenizer.encode(text, { literal }).map((id) => tokenizer.tokenBytes(id)));
        const wanted = Buffer.from(text.toWellFormed());
        const possible = new Set(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => covered.has(byte)));
        return bytes.equals(wanted.filter((byte) => possible.has(byte)));
      }),
      { numRuns: 500 },
    );
  });

  let covered: Set<number>;
  beforeAll(() => {
    covered = new Set(
      Array.from({ length: tokenizer.size }, (_, id) => tokenizer.tokenBytes(id)).flatMap((bytes) =>
        bytes.length === 1 ? [...bytes] : [],
      ),
    );
  });

  test("a token's own text", () => {
    const [id = -1] = tokenizer.encode("🙂");
    expect(tokenizer.tokenText(id)).toMatch(/^\\xF0/);
    expect(tokenizer.tokenText(2)).toBe("<|im_end|>");
    expect(() => tokenizer.tokenText(49_152)).toThrow(/49152 is no token id/);
    expect(() => tokenizer.decode([-1])).toThrow(/no token id/);
  });
});

describe("createTokenizer", () => {
  const open = (change: Record<string, unknown> = {}): Tokenizer =>
    createTokenizer({ json: { ...tinyTokenizerJson(), ...change }, file: "tokenizer.json" });

  test("merges in order of rank, and the post-processor's tokens only when asked", () => {
    const im = tinyTokens.length - 2;
    const template = {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<|im_start|>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    };
    expect(open().encode("hello")).toEqual([tinyTokens.indexOf("hell"), tinyTokens.indexOf("o")]);
    expect(open({ post_processor: template }).encode("o")).toEqual([im, tinyTokens.indexOf("o")]);
    expect(open({ post_processor: template }).encode("")).toEqual([im]);
    expect(open({ post_processor: template }).encode("o", { addSpecial: false, literal: true })).toEqual([tinyTokens.indexOf("o")]);
  });

  test("Digits cut every kind of number, one by one", () => {
    const digits = {
      type: "Sequence",
      pretokenizers: [
        { type: "Digits", individual_digits: true },
        { type: "ByteLevel", add_prefix_space: false },
      ],
    };
    const tokens = [...tinyTokens, "12", "Ù£Ù¤"];
    const model = { type: "BPE", vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: ["1 2", "Ù £", "Ù ¤"] };
    const withPairs = {
      model: { ...model, vocab: { ...model.vocab, "Ù£": tokens.length, "Ù¤": tokens.length + 1 }, merges: [...model.merges, "Ù£ Ù¤"] },
    };
    expect(open({ ...withPairs, pre_tokenizer: digits }).encode("12٣٤").length).toBe(4);
    expect(open(withPairs).encode("12٣٤").length).toBe(2);
  });

  test("the hash names the vocabulary and the merges, not the file", () => {
    expect(open().hash).toBe(open({ version: "2.0" }).hash);
    expect(open().hash).not.toBe(open({ model: { ...(tinyTokenizerJson()["model"] as object), merges: [] } }).hash);
  });

  test("ids that nothing names have no bytes", () => {
    const model = { type: "BPE", vocab: { a: 0, b: 5 }, merges: [] };
    const tokenizer = open({ model, added_tokens: [] });
    expect(tokenizer.size).toBe(6);
    expect([tokenizer.tokenText(3), tokenizer.decode([0, 3, 5])]).toEqual(["", "ab"]);
  });
});

describe("what a stranger's tokenizer.json may not do", () => {
  const open = (change: Record<string, unknown>): Tokenizer =>
    createTokenizer({ json: { ...tinyTokenizerJson(), ...change }, file: "tokenizer.json" });
  const splitAt = (Regex: string): Record<string, unknown> => ({
    pre_tokenizer: { type: "Split", pattern: { Regex }, behavior: "Isolated" },
  });

  test("a regular expression that does not end is ended", () => {
    const tokenizer = open(splitAt("(a+)+$"));
    const started = process.cpuUsage();
    expect(() => tokenizer.encode(`${"a".repeat(60)}!`)).toThrow(/took more than 2001 ms/);
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(8000);
    expect(tokenizer.encode("hell")).toEqual(open({}).encode("hell"));
  });

  test("a text does not grow beyond bounds", () => {
    const double = { type: "Replace", pattern: { String: "a" }, content: "aa" };
    expect(() =>
      open({ normalizer: { type: "Sequence", normalizers: Array.from({ length: 30 }, () => double) } }).encode("a".repeat(1000)),
    ).toThrow(/more than 32 times as long/);
  });

  test("a replacement is taken as it is", () => {
    const normalizer = { type: "Replace", pattern: { String: "h" }, content: "$'" };
    expect(open({ normalizer }).encode("hell")).toEqual(open({}).encode("$'ell"));
  });
});
