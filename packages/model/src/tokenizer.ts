import { Tokenizer as Library } from "@huggingface/tokenizers";
import { LexiscopeError, messageOf, sha256 } from "@lexiscope/core";
import { addedTokenSplitter } from "./added-tokens.ts";
import { alphabetToBytes } from "./byte-alphabet.ts";
import { escapeBytes } from "./escape-bytes.ts";
import { isKnownRegex } from "./pre-tokenizers.ts";
import { checkTokenizerJson, tokenBytesKind, type AddedTokenJson, type TokenBytesKind, type TokenizerJson } from "./tokenizer-json.ts";
import { maxGrowth } from "./tokenizer-limits.ts";
import type { Tokenizer } from "./types.ts";
import { isLate, withinTime } from "./within-time.ts";

/** A regular expression from a stranger's file may take for ever: so long for any text, and so much more for each of its characters. */
const maxMilliseconds = { any: 2000, character: 0.01 };

export interface TokenizerSource {
  /** A parsed `tokenizer.json`, or its equivalent. */
  json: unknown;
  /** What errors call it. */
  file: string;
  bosToken?: string | undefined;
  eosToken?: string | undefined;
}

/**
 * A tokenizer from a `tokenizer.json`. The normalizer, the pre-tokenizer, BPE and the post-processor are the library's;
 * cutting at added tokens and turning ids into bytes are ours (literal text, streaming, and exactness need them).
 * Lone surrogates in a text count as U+FFFD.
 */
export function createTokenizer(source: TokenizerSource): Tokenizer {
  const json = checkTokenizerJson(source.json, source.file);
  const kind = tokenBytesKind(json, source.file);
  const library = openLibrary(json, source.file);
  const entries = listTokens(json, source.file);
  const added = new Set(json.added_tokens.map((token) => token.id));
  const special = json.added_tokens.filter((token) => token.special);
  const specialIds = new Set(special.map((token) => token.id));
  const normalize = normalizer(library, json, source.file);
  const guard = usesForeignRegex(json) ? guarded(source.file) : <T>(_text: string, work: () => T): T => work();
  const segmenterOf = (added: readonly AddedTokenJson[]): ((text: string) => string[]) => {
    const made = guard("", () => segmenter(library, normalize, added));
    return (text) => guard(text, () => made(text));
  };
  const segment = segmenterOf(json.added_tokens);
  const segmentLiterally = segmenterOf(json.added_tokens.filter((token) => !token.special));
  const bytes = entries.map((token, id) => tokenToBytes(token ?? "", kind, added.has(id)));
  const stripFirstSpace = decoderStripsSpace(json);
  const bytesOf = (id: number): Uint8Array => {
    const found = bytes[id];
    if (!found)
      throw new LexiscopeError("invalid_input", `${id} is no token id: the tokenizer has 0 to ${bytes.length - 1}`, { field: "token" });
    return found;
  };

  return {
    encode: (text, { literal = false, addSpecial = true } = {}) => {
      const tokens = (literal ? segmentLiterally : segment)(text.toWellFormed());
      const processed = addSpecial && library.post_processor ? library.post_processor.post_process(tokens, undefined, true).tokens : tokens;
      return processed.flatMap((token: string) => library.model?.tokens_to_ids.get(token) ?? library.model?.unk_token_id ?? []);
    },
    decode: (ids, { skipSpecial = false } = {}) => {
      const kept = skipSpecial ? ids.filter((id) => !specialIds.has(id)) : ids;
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(kept.map(bytesOf)));
      return stripFirstSpace && text.startsWith(" ") ? text.slice(1) : text;
    },
    tokenText: (id) => escapeBytes(bytesOf(id)),
    tokenBytes: (id) => bytesOf(id).slice(),
    size: entries.length,
    specialIds,
    bosToken: source.bosToken,
    eosToken: source.eosToken,
    hash: sha256(JSON.stringify([entries, json.model.merges])),
  };
}

function openLibrary(json: TokenizerJson, file: string): Library {
  try {
    // Its own search for added tokens is not used: ours is. The decoder neither.
    const library = new Library({ ...json, added_tokens: [], decoder: null }, {});
    for (const { content, id } of json.added_tokens) library.model?.tokens_to_ids.set(content, id);
    return library;
  } catch (cause) {
    throw new LexiscopeError("unsupported", `${file}: the tokenizer cannot be used: ${messageOf(cause)}`, {
      file,
      field: "tokenizer",
      cause,
    });
  }
}

/** The normalizer, step by step: before each it is asked how long the text can become. */
function normalizer(library: Library, json: TokenizerJson, file: string): (text: string) => string {
  const steps = (json.normalizer?.["normalizers"] ?? []) as Record<string, unknown>[];
  const made = (library.normalizer as { normalizers?: { normalize(text: string): string }[] } | null)?.normalizers ?? [];
  const growth = ({ type, content, prepend }: Record<string, unknown>): number =>
    type === "Replace" ? String(content).length : type === "BertNormalizer" ? 3 : prepend === undefined ? 1 : 2;
  return function normalizeText(text) {
    const most = maxGrowth * text.length + 4096;
    return steps.reduce((so, step, i) => {
      if (so.length * growth(step) > most)
        throw new LexiscopeError("unsupported", `${file}: the normalizer makes a text more than ${maxGrowth} times as long`, {
          file,
          field: "normalizer",
        });
      return made[i]?.normalize(so) ?? so;
    }, text);
  };
}

function usesForeignRegex(json: TokenizerJson): boolean {
  const steps = [json.normalizer?.["normalizers"], json.pre_tokenizer?.["pretokenizers"]].flat() as (Record<string, unknown> | undefined)[];
  return steps.some((step) => {
    const { Regex: regex } = (step?.["pattern"] ?? {}) as { Regex?: string };
    return regex !== undefined && !isKnownRegex(regex);
  });
}

/** Runs what a stranger's regular expressions are part of, for as long as the text allows. */
function guarded(file: string) {
  return function <T>(text: string, work: () => T): T {
    const milliseconds = maxMilliseconds.any + maxMilliseconds.character * text.length;
    try {
      return withinTime(milliseconds, work);
    } catch (cause) {
      if (cause instanceof LexiscopeError) throw cause;
      throw new LexiscopeError(
        "bad_file",
        isLate(cause)
          ? `${file}: cutting a text of ${text.length} characters into tokens took more than ${Math.ceil(milliseconds)} ms`
          : `${file}: a text of ${text.length} characters cannot be cut into tokens: ${messageOf(cause)}`,
        { file, field: "pre_tokenizer", cause, hint: "use another copy of the tokenizer: a regular expression in this one does not end" },
      );
    }
  };
}

/** Text → tokens before post-processing: added tokens on the raw text, normalizer, added tokens again, pre-tokenizer, BPE. */
function segmenter(library: Library, normalize: (text: string) => string, added: readonly AddedTokenJson[]): (text: string) => string[] {
  const splitRaw = addedTokenSplitter(added.filter((token) => !token.normalized));
  const splitNormalized = addedTokenSplitter(
    added.filter((token) => token.normalized).map((token) => ({ ...token, content: normalize(token.content) })),
  );
  const contents = new Map(added.map((token) => [token.id, token.content]));
  return function segmentText(text) {
    return splitRaw(text).flatMap((section, index) => {
      if (typeof section !== "string") return [section.content];
      return splitNormalized(normalize(section)).flatMap((piece) => {
        if (typeof piece !== "string") return [contents.get(piece.id) ?? piece.content];
        const words = library.pre_tokenizer?.pre_tokenize(piece, { section_index: index }) ?? [piece];
        return library.model?._call(words) ?? [];
      });
    });
  };
}

/** Entries by id; ids that nothing names are null. */
function listTokens(json: TokenizerJson, file: string): (string | null)[] {
  const entries: (string | null)[] = [];
  const put = (token: string, id: number): void => {
    while (entries.length <= id) entries.push(null);
    if (entries[id] !== null && entries[id] !== token)
      throw new LexiscopeError("bad_file", `${file} gives the id ${id} to ${JSON.stringify(entries[id])} and to ${JSON.stringify(token)}`, {
        file,
        field: "model.vocab",
      });
    entries[id] = token;
  };
  for (const [token, id] of Object.entries(json.model.vocab)) put(token, id);
  for (const { content, id } of json.added_tokens) put(content, id);
  return entries;
}

function tokenToBytes(token: string, kind: TokenBytesKind, isAdded: boolean): Uint8Array {
  const utf8 = new TextEncoder();
  if (isAdded) return utf8.encode(token);
  if (kind === "byte-level") return alphabetToBytes(token);
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
  return byte === undefined ? utf8.encode(token.replaceAll("\u2581", " ")) : Uint8Array.of(Number.parseInt(byte, 16));
}

/** Whether the decoder takes back the space that the normalizer or pre-tokenizer put before a text. */
function decoderStripsSpace(json: TokenizerJson): boolean {
  const decoder = json.decoder;
  const steps =
    decoder?.["type"] === "Sequence" && Array.isArray(decoder["decoders"])
      ? (decoder["decoders"] as Record<string, unknown>[])
      : [decoder ?? {}];
  return steps.some(
    (step) => (step["type"] === "Strip" && step["start"] === 1) || (step["type"] === "Metaspace" && step["prepend_scheme"] !== "never"),
  );
}
