import { bytesReader, encodeGguf, readGgufHeader, type GgufWritable } from "@lexiscope/formats";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GgufKeys } from "./gguf-keys.ts";
import { ggufTokenizer } from "./gguf-tokenizer.ts";
import { tinyArchitecture, tinyGguf, tinyTokens, tinyWeights } from "./tiny-model.fixture.ts";
import { createTokenizer } from "./tokenizer.ts";
import type { Tokenizer } from "./types.ts";

async function open(keys: Record<string, GgufWritable>, pre?: string): Promise<Tokenizer> {
  const header = await readGgufHeader(bytesReader(encodeGguf(keys, [])));
  return createTokenizer(ggufTokenizer(new GgufKeys("m.gguf", header.keys), pre));
}

/** Byte-level keys as a file has them. */
async function tinyKeys(change: Record<string, GgufWritable> = {}, pre?: string): Promise<Tokenizer> {
  const a = tinyArchitecture({ layers: 1 });
  const header = await readGgufHeader(bytesReader(tinyGguf(a, tinyWeights(a), change)));
  return createTokenizer(ggufTokenizer(new GgufKeys("m.gguf", header.keys), pre));
}

describe("the gpt2 model", () => {
  test("control tokens are special, user-defined ones always match", async () => {
    const types = Int32Array.from(tinyTokens, (token) => (token === "<|im_start|>" ? 4 : token === "<|im_end|>" ? 3 : 1));
    const tokenizer = await tinyKeys({ "tokenizer.ggml.token_type": types });
    const [start, end] = [tinyTokens.length - 2, tinyTokens.length - 1];
    expect([...tokenizer.specialIds]).toEqual([end]);
    expect(tokenizer.encode("<|im_start|><|im_end|>")).toEqual([start, end]);
    expect(tokenizer.encode("<|im_start|><|im_end|>", { literal: true }).slice(0, 2)).toEqual([start, tinyTokens.indexOf("<")]);
  });

  test("BOS: as the file says, else as the pre-tokenizer's family does", async () => {
    const bos = { "tokenizer.ggml.bos_token_id": tinyTokens.length - 2 };
    const first = async (keys: Record<string, GgufWritable>, pre?: string): Promise<boolean> =>
      (await tinyKeys({ ...bos, ...keys }, pre)).encode("x")[0] === tinyTokens.length - 2;
    expect(await first({})).toBe(false);
    expect(await first({}, "llama-bpe")).toBe(true);
    expect(await first({ "tokenizer.ggml.add_bos_token": false }, "llama-bpe")).toBe(false);
    expect(await first({ "tokenizer.ggml.add_bos_token": true })).toBe(true);
  });

  test("refusals", async () => {
    await expect(tinyKeys({ "tokenizer.ggml.pre": "martian" })).rejects.toMatchObject({ code: "unsupported", field: "tokenizer.ggml.pre" });
    await expect(tinyKeys({ "tokenizer.ggml.pre": "martian" }, "gpt-2")).resolves.toBeDefined();
    await expect(tinyKeys({ "tokenizer.ggml.model": "rwkv" })).rejects.toMatchObject({
      code: "unsupported",
      field: "tokenizer.ggml.model",
    });
    await expect(tinyKeys({ "tokenizer.ggml.token_type": Int32Array.of(1) })).rejects.toMatchObject({ code: "bad_file" });
    await expect(tinyKeys({ "tokenizer.ggml.tokens": ["a", "a"] })).rejects.toMatchObject({ code: "bad_file" });
    await expect(open({})).rejects.toMatchObject({ code: "bad_file", field: "tokenizer.ggml.tokens" });
  });
});

describe("the llama model (SentencePiece)", () => {
  const letters = ["a", "b", "c", "▁"];
  const pairs = ["ab", "bc", "▁a", "aa", "abc", "▁ab", "▁▁", "bcab", "cc"];
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  const tokens = ["<unk>", "<s>", "</s>", ...bytes, ...letters, ...pairs];
  const types = Int32Array.from(tokens, (_, id) => (id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1));
  const keys = (scores: readonly number[]): Record<string, GgufWritable> => ({
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": types,
    "tokenizer.ggml.scores": Float32Array.from(tokens, (token) => scores[pairs.indexOf(token)] ?? -1000),
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.unknown_token_id": 0,
  });

  /** The rule itself: merge the neighbours whose concatenation scores highest, leftmost on ties, until none is a token. */
  function reference(text: string, scores: readonly number[]): string[] {
    const symbols = Array.from(`▁${text.replaceAll(" ", "▁")}`);
    for (;;) {
      let best = -1;
      let bestScore = Number.NEGATIVE_INFINITY;
      for (let i = 0; i + 1 < symbols.length; i++) {
        const at = pairs.indexOf(`${symbols[i]}${symbols[i + 1]}`);
        const score = scores[at];
        if (score !== undefined && score > bestScore) [best, bestScore] = [i, score];
      }
      if (best < 0) return symbols;
      symbols.splice(best, 2, `${symbols[best]}${symbols[best + 1]}`);
    }
  }

  test("merges by score, as the readable reference does", async () => {
    const orders = fc.shuffledSubarray(
      pairs.map((_, i) => -i),
      { minLength: pairs.length },
    );
    await fc.assert(
      fc.asyncProperty(
        orders,
        fc.array(fc.constantFrom("a", "b", "c", " "), { minLength: 1, maxLength: 30 }),
        async (scores, characters) => {
          const text = characters.join("");
          const tokenizer = await open(keys(scores));
          expect(tokenizer.encode(text, { addSpecial: false }).map((id) => tokens[id])).toEqual(reference(text, scores));
          expect(tokenizer.decode(tokenizer.encode(text), { skipSpecial: true })).toBe(text);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("BOS by default, bytes for what has no token, a space before each stretch of text", async () => {
    const tokenizer = await open(keys(pairs.map((_, i) => -i)));
    expect(tokenizer.encode("a").map((id) => tokens[id])).toEqual(["<s>", "▁a"]);
    expect(tokenizer.encode("é", { addSpecial: false }).map((id) => tokens[id])).toEqual(["▁", "<0xC3>", "<0xA9>"]);
    expect(tokenizer.encode("a</s>b", { addSpecial: false }).map((id) => tokens[id])).toEqual(["▁a", "</s>", "▁", "b"]);
    expect(tokenizer.decode(tokenizer.encode("é a"), { skipSpecial: true })).toBe("é a");
    expect(tokenizer.tokenBytes(tokens.indexOf("▁ab"))).toEqual(new TextEncoder().encode(" ab"));
  });
});
