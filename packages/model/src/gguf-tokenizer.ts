import { LexiscopeError } from "@lexiscope/core";
import type { GgufKeys } from "./gguf-keys.ts";
import { preTokenizerFor } from "./pre-tokenizers.ts";
import { splitMerge, type AddedTokenJson } from "./tokenizer-json.ts";
import { split } from "./tokenizer-steps.ts";
import type { TokenizerSource } from "./tokenizer.ts";

/** Kinds of entries in `tokenizer.ggml.token_type`. */
const tokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

interface Vocabulary {
  tokens: string[];
  types: ArrayLike<number>;
  scores: ArrayLike<number> | undefined;
}

type Json = Record<string, unknown>;

/** Builds the `tokenizer.json` that a GGUF file's keys amount to. `pre` overrides the file's own name of its pre-tokenizer. */
export function ggufTokenizer(keys: GgufKeys, pre?: string): TokenizerSource {
  const file = keys.file;
  const whole = keys.string("tokenizer.huggingface.json");
  const vocabulary = readVocabulary(keys);
  const token = (name: string): string | undefined => {
    const id = keys.integer(`tokenizer.ggml.${name}_token_id`);
    return id === undefined ? undefined : vocabulary.tokens[id];
  };
  const bosToken = token("bos");
  const eosToken = token("eos");
  if (whole !== undefined) return { json: parseWhole(whole, file), file, bosToken, eosToken };
  const model = keys.needed("tokenizer.ggml.model", keys.string("tokenizer.ggml.model"));
  if (model !== "gpt2" && model !== "llama") {
    throw new LexiscopeError("unsupported", `${file}: the tokenizer model ${JSON.stringify(model)} is not yet supported`, {
      file,
      field: "tokenizer.ggml.model",
      hint: "gpt2 (byte-level BPE) and llama (SentencePiece) are",
    });
  }
  const { json, addBos } = model === "gpt2" ? byteLevel(keys, vocabulary, pre) : sentencePiece(keys, vocabulary);
  const added = vocabulary.tokens.flatMap((content, id): AddedTokenJson[] => {
    const type = vocabulary.types[id];
    const special = type === tokenType.control || type === tokenType.unknown;
    return special || type === tokenType.userDefined
      ? [{ id, content, special, single_word: false, lstrip: false, rstrip: false, normalized: false }]
      : [];
  });
  const before = (keys.bool("tokenizer.ggml.add_bos_token") ?? addBos) ? bosToken : undefined;
  const after = (keys.bool("tokenizer.ggml.add_eos_token") ?? false) ? eosToken : undefined;
  return { json: { added_tokens: added, post_processor: template(before, after), ...json }, file, bosToken, eosToken };
}

function readVocabulary(keys: GgufKeys): Vocabulary {
  const listed = keys.needed("tokenizer.ggml.tokens", keys.strings("tokenizer.ggml.tokens"));
  const tokens = listed.map((token, id) => (token === "" ? `[EMPTY_${id}]` : token));
  const types = keys.numbers("tokenizer.ggml.token_type") ?? new Uint8Array(tokens.length).fill(tokenType.normal);
  const scores = keys.numbers("tokenizer.ggml.scores");
  for (const [name, list] of [
    ["token_type", types],
    ["scores", scores],
  ] as const) {
    if (list && list.length !== tokens.length)
      throw bad(keys.file, `tokenizer.ggml.${name}`, `${list.length} entries for ${tokens.length} tokens`);
  }
  const seen = new Set<string>();
  for (const token of tokens) {
    if (seen.has(token)) throw bad(keys.file, "tokenizer.ggml.tokens", `the token ${JSON.stringify(token)} twice`);
    seen.add(token);
  }
  return { tokens, types, scores };
}

function byteLevel(keys: GgufKeys, { tokens }: Vocabulary, pre: string | undefined): { json: Json; addBos: boolean } {
  const rule = preTokenizerFor(pre ?? keys.string("tokenizer.ggml.pre") ?? "default", keys.file);
  const merges = keys.needed("tokenizer.ggml.merges", keys.strings("tokenizer.ggml.merges")).map(splitMerge);
  const json = {
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [...rule.regexes.map(split), { type: "ByteLevel", add_prefix_space: false, use_regex: false }],
    },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab: ids(tokens), merges, ignore_merges: rule.ignoreMerges },
  };
  return { json, addBos: rule.addBos };
}

function sentencePiece(keys: GgufKeys, vocabulary: Vocabulary): { json: Json; addBos: boolean } {
  const prefix = keys.bool("tokenizer.ggml.add_space_prefix") ?? true;
  const unknown = vocabulary.tokens[keys.integer("tokenizer.ggml.unknown_token_id") ?? 0];
  const replace = { type: "Replace", pattern: { String: " " }, content: "\u2581" };
  const json = {
    normalizer: { type: "Sequence", normalizers: prefix ? [{ type: "Prepend", prepend: "\u2581" }, replace] : [replace] },
    pre_tokenizer: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "\u2581" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...(prefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: "BPE",
      vocab: ids(vocabulary.tokens),
      merges: mergesFromScores(keys, vocabulary),
      byte_fallback: true,
      fuse_unk: true,
      unk_token: unknown,
    },
  };
  return { json, addBos: true };
}

/**
 * SentencePiece merges the neighbours whose concatenation scores highest. The same as BPE whose merges are all splits of
 * all tokens into two tokens, ordered by the token's score (descending), then by the ids of its parts.
 */
function mergesFromScores(keys: GgufKeys, { tokens, types, scores: read }: Vocabulary): [string, string][] {
  const scores = keys.needed("tokenizer.ggml.scores", read);
  const mergeable = new Map<string, number>();
  for (const [id, token] of tokens.entries())
    if (types[id] === tokenType.normal || types[id] === tokenType.unused) mergeable.set(token, id);
  const found: { left: string; right: string; score: number; l: number; r: number }[] = [];
  for (const [token, id] of mergeable) {
    const characters = Array.from(token);
    for (let at = 1; at < characters.length; at++) {
      const left = characters.slice(0, at).join("");
      const right = characters.slice(at).join("");
      const l = mergeable.get(left);
      const r = mergeable.get(right);
      if (l !== undefined && r !== undefined) found.push({ left, right, score: scores[id] ?? 0, l, r });
    }
  }
  return found.toSorted((a, b) => b.score - a.score || a.l - b.l || a.r - b.r).map(({ left, right }) => [left, right]);
}

/** `Object.fromEntries` makes own properties even of a token named `__proto__`. */
function ids(tokens: readonly string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

function template(before: string | undefined, after: string | undefined): Json {
  const special = (id: string | undefined): Json[] => (id === undefined ? [] : [{ SpecialToken: { id, type_id: 0 } }]);
  return { type: "TemplateProcessing", single: [...special(before), { Sequence: { id: "A", type_id: 0 } }, ...special(after)] };
}

function parseWhole(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LexiscopeError("bad_file", `${file}: tokenizer.huggingface.json is not valid JSON`, {
      file,
      field: "tokenizer.huggingface.json",
      cause,
    });
  }
}

function bad(file: string, field: string, what: string): LexiscopeError {
  return new LexiscopeError("bad_file", `${file}: ${field} has ${what}`, { file, field, hint: "convert or download the model again" });
}
