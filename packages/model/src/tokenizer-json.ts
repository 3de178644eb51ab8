import { LexiscopeError } from "@lexiscope/core";
import { gpt2Regex } from "./pre-tokenizers.ts";

export interface AddedTokenJson {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

type Json = Record<string, unknown>;

/** The parts of a `tokenizer.json` that we read, checked. */
export interface TokenizerJson {
  added_tokens: AddedTokenJson[];
  normalizer: Json | null;
  pre_tokenizer: Json | null;
  post_processor: Json | null;
  decoder: Json | null;
  model: {
    type: "BPE";
    vocab: Record<string, number>;
    merges: [string, string][];
    byte_fallback: boolean;
    ignore_merges: boolean;
    fuse_unk: boolean;
    unk_token: string | null;
  };
}

/** How a vocabulary entry becomes bytes: through the byte alphabet, or with ▁ as space and `<0xXX>` as a byte. */
export type TokenBytesKind = "byte-level" | "sentencepiece";

/** Checks a parsed `tokenizer.json` and refuses, by name, what we cannot do exactly. */
export function checkTokenizerJson(value: unknown, file: string): TokenizerJson {
  const json = object(value);
  const model = object(json["model"]);
  const vocab = model["vocab"];
  if (typeof vocab !== "object" || vocab === null) throw bad(file, "model", "has no model.vocab");
  if (model["type"] !== "BPE" && !(model["type"] === undefined && Array.isArray(model["merges"])))
    throw unsupported(file, "model.type", `a ${String(model["type"])} tokenizer`);
  for (const key of ["continuing_subword_prefix", "end_of_word_suffix"])
    if (model[key]) throw unsupported(file, `model.${key}`, `${key} ${JSON.stringify(model[key])}`);
  for (const [token, id] of Object.entries(vocab))
    if (!isId(id)) throw bad(file, "model.vocab", `gives the token ${JSON.stringify(token)} the id ${JSON.stringify(id)}`);
  return {
    added_tokens: (Array.isArray(json["added_tokens"]) ? json["added_tokens"] : []).map((token: unknown) => checkAdded(token, file)),
    normalizer: part(json["normalizer"]),
    pre_tokenizer: exactPreTokenizer(part(json["pre_tokenizer"]), file),
    post_processor: part(json["post_processor"]),
    decoder: part(json["decoder"]),
    model: {
      type: "BPE",
      vocab: vocab as Record<string, number>,
      merges: checkMerges(model["merges"], file),
      byte_fallback: model["byte_fallback"] === true,
      ignore_merges: model["ignore_merges"] === true,
      fuse_unk: model["fuse_unk"] === true,
      unk_token: typeof model["unk_token"] === "string" ? model["unk_token"] : null,
    },
  };
}

/** Which of the two ways the decoder names. */
export function tokenBytesKind(json: TokenizerJson, file: string): TokenBytesKind {
  const steps = json.decoder === null ? [] : json.decoder["type"] === "Sequence" ? list(json.decoder["decoders"]) : [json.decoder];
  const types = steps.map((step) => String(step["type"]));
  if (types.length === 1 && types[0] === "ByteLevel") return "byte-level";
  if (types.length > 0 && types.every((type) => ["Replace", "ByteFallback", "Fuse", "Strip", "Metaspace"].includes(type)))
    return "sentencepiece";
  throw unsupported(file, "decoder", `the decoder ${types.join(" + ") || "(none)"}`);
}

/**
 * The library's `Digits` knows ASCII digits only and its `ByteLevel` regex uses JavaScript's \s (which takes U+FEFF and
 * not U+0085); the reference does neither. Both are the same as a `Split` with a regex that the library translates
 * correctly.
 */
function exactPreTokenizer(json: Json | null, file: string): Json | null {
  if (json === null) return null;
  switch (json["type"]) {
    case "Sequence":
      return { type: "Sequence", pretokenizers: list(json["pretokenizers"]).map((step) => exactPreTokenizer(step, file)) };
    case "Digits":
      return split(json["individual_digits"] === true ? "\\p{N}" : "\\p{N}+");
    case "ByteLevel": {
      const regex = json["use_regex"] !== false;
      if (json["add_prefix_space"] === true && regex) throw unsupported(file, "pre_tokenizer", "ByteLevel with add_prefix_space");
      const bytes = { ...json, add_prefix_space: json["add_prefix_space"] === true, use_regex: false };
      return regex ? { type: "Sequence", pretokenizers: [split(gpt2Regex), bytes] } : bytes;
    }
    case "Split": {
      const behavior = String(json["behavior"]);
      if (!["Isolated", "Removed"].includes(behavior)) throw unsupported(file, "pre_tokenizer", `Split with the behaviour ${behavior}`);
      return json;
    }
    case "Metaspace":
      return json;
    default:
      throw unsupported(file, "pre_tokenizer", `the pre-tokenizer ${String(json["type"])}`);
  }
}

export function split(regex: string): Json {
  return { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false };
}

function checkAdded(value: unknown, file: string): AddedTokenJson {
  const token = object(value);
  const { id, content } = token;
  if (!isId(id) || typeof content !== "string" || content === "")
    throw bad(file, "added_tokens", `has the added token ${JSON.stringify(value)}`);
  const special = token["special"] === true;
  const flag = (name: string): boolean => token[name] === true;
  return {
    id,
    content,
    special,
    single_word: flag("single_word"),
    lstrip: flag("lstrip"),
    rstrip: flag("rstrip"),
    normalized: typeof token["normalized"] === "boolean" ? token["normalized"] : !special,
  };
}

function checkMerges(value: unknown, file: string): [string, string][] {
  if (!Array.isArray(value)) throw bad(file, "model.merges", "has no model.merges");
  return value.map((merge: unknown): [string, string] => {
    const pair: unknown = typeof merge === "string" ? splitMerge(merge) : merge;
    if (!Array.isArray(pair) || pair.length !== 2 || pair.some((side) => typeof side !== "string" || side === ""))
      throw bad(file, "model.merges", `has the merge ${JSON.stringify(merge)}`);
    return pair as [string, string];
  });
}

/** `"a b"`, split at the first space after index 0. */
export function splitMerge(merge: string): [string, string] {
  const at = merge.indexOf(" ", 1);
  return at < 0 ? [merge, ""] : [merge.slice(0, at), merge.slice(at + 1)];
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 22;
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function part(value: unknown): Json | null {
  return value === undefined || value === null ? null : object(value);
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function bad(file: string, field: string, what: string): LexiscopeError {
  return new LexiscopeError("bad_file", `${file} ${what}`, { file, field, hint: "download the tokenizer again" });
}

function unsupported(file: string, field: string, what: string): LexiscopeError {
  return new LexiscopeError("unsupported", `${file}: ${what} is not yet supported`, {
    file,
    field,
    hint: "byte-level and SentencePiece-like BPE tokenizers are",
  });
}
