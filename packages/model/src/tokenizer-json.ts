import { brief } from "@lexiscope/core";
import {
  bad,
  type Json,
  list,
  maxAdded,
  maxAddedCharacters,
  maxAddedLength,
  maxUnnamed,
  nameOf,
  object,
  unsupported,
} from "./tokenizer-limits.ts";
import { exactNormalizer, exactPostProcessor, exactPreTokenizer } from "./tokenizer-steps.ts";

export interface AddedTokenJson {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

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
    throw unsupported(file, "model.type", `a ${nameOf(model["type"])} tokenizer`);
  if (Array.isArray(vocab)) throw bad(file, "model", "has a list as model.vocab");
  for (const key of ["continuing_subword_prefix", "end_of_word_suffix"])
    if (model[key]) throw unsupported(file, `model.${key}`, `${key} ${brief(model[key])}`);
  for (const [token, id] of Object.entries(vocab))
    if (!isId(id)) throw bad(file, "model.vocab", `gives the token ${brief(token)} the id ${brief(id)}`);
  const added = checkAllAdded(json["added_tokens"], file);
  checkIds(Object.values(vocab) as number[], added, file);
  return {
    added_tokens: added,
    normalizer: exactNormalizer(part(json["normalizer"]), file),
    pre_tokenizer: exactPreTokenizer(part(json["pre_tokenizer"]), file),
    post_processor: exactPostProcessor(part(json["post_processor"]), file),
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
  const types = steps.map(({ type }) => nameOf(type));
  if (types.length === 1 && types[0] === "ByteLevel") return "byte-level";
  if (types.length > 0 && types.every((type) => ["Replace", "ByteFallback", "Fuse", "Strip", "Metaspace"].includes(type)))
    return "sentencepiece";
  throw unsupported(file, "decoder", `the decoder ${types.join(" + ") || "(none)"}`);
}

function checkAllAdded(value: unknown, file: string): AddedTokenJson[] {
  const tokens: unknown[] = Array.isArray(value) ? value : [];
  if (tokens.length > maxAdded) throw bad(file, "added_tokens", `has ${tokens.length} added tokens; ${maxAdded} are allowed`);
  const added = tokens.map((token) => checkAdded(token, file));
  const characters = added.reduce((sum, { content }) => sum + content.length, 0);
  if (characters > maxAddedCharacters)
    throw bad(file, "added_tokens", `has added tokens of ${characters} characters; ${maxAddedCharacters} are allowed`);
  return added;
}

function checkIds(ids: readonly number[], added: readonly AddedTokenJson[], file: string): void {
  const named = ids.length + added.length;
  const last = added.reduce(
    (most, { id }) => Math.max(most, id),
    ids.reduce((most, id) => Math.max(most, id), 0),
  );
  if (last > 2 * named + maxUnnamed) throw bad(file, "model.vocab", `has the id ${last} and only ${named} tokens`);
}

function checkAdded(value: unknown, file: string): AddedTokenJson {
  const token = object(value);
  const { id, content } = token;
  if (!isId(id) || typeof content !== "string" || content === "" || content.length > maxAddedLength)
    throw bad(file, "added_tokens", `has the added token ${brief(value)}`);
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
      throw bad(file, "model.merges", `has the merge ${brief(merge)}`);
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

function part(value: unknown): Json | null {
  return value === undefined || value === null ? null : object(value);
}
