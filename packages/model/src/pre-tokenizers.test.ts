import { Tokenizer } from "@huggingface/tokenizers";
import { expect, test } from "vitest";
import { preTokenizerFor } from "./pre-tokenizers.ts";
import { split } from "./tokenizer-steps.ts";

/** Where a rule cuts a text. */
function cut(name: string, text: string): string[] {
  const json = {
    model: { type: "BPE", vocab: {}, merges: [] },
    added_tokens: [],
    decoder: null,
    post_processor: null,
    normalizer: null,
    pre_tokenizer: { type: "Sequence", pretokenizers: preTokenizerFor(name, "f").regexes.map(split) },
  };
  return new Tokenizer(json, {}).pre_tokenizer?.pre_tokenize(text) ?? [];
}

test("each rule cuts as Rust's tokenizers 0.23 does with the same regexes", () => {
  expect(cut("gpt-2", "It's 1234  good\n")).toEqual(["It", "'s", " 1234", " ", " good", "\n"]);
  expect(cut("smollm", "in 2022, x²")).toEqual(["in", " ", "2", "0", "2", "2", ",", " x", "²"]);
  expect(cut("qwen2", "IT'S 123\n\n x")).toEqual(["IT", "'S", " ", "1", "2", "3", "\n\n", " x"]);
  expect(cut("llama-bpe", "12345 a.b\n")).toEqual(["123", "45", " a", ".b", "\n"]);
  expect(cut("tekken", "HelloWorld 12/")).toEqual(["Hello", "World", " ", "1", "2", "/"]);
  expect(cut("gpt-4o", "don't 1234")).toEqual(["don't", " ", "123", "4"]);
  expect(cut("falcon", "a+b 12345")).toEqual(["a", "+", "b", " ", "123", "45"]);
  expect(cut("default", "a+b 12345 x")).toEqual(["a", "+", "b", " ", "123", "45", " x"]);
});

test("white space is Unicode's, not JavaScript's", () => {
  expect(cut("gpt-2", "a\u0085\u0085b")).toEqual(["a", "\u0085", "\u0085", "b"]);
  expect(cut("gpt-2", "a\ufeffb")).toEqual(["a", "\ufeff", "b"]);
  expect(cut("gpt-2", "a \ufeffb")).toEqual(["a", " \ufeff", "b"]);
});

test("an unknown name is refused with the way on", () => {
  expect(() => preTokenizerFor("new-one", "m.gguf")).toThrow(
    expect.objectContaining({ code: "unsupported", field: "tokenizer.ggml.pre", message: expect.stringContaining('"new-one"') }),
  );
});
