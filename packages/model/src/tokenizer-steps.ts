import { brief } from "@lexiscope/core";
import { gpt2Regex } from "./pre-tokenizers.ts";
import {
  bad,
  checkPattern,
  flattenSteps,
  type Json,
  list,
  maxReplacement,
  maxSteps,
  nameOf,
  object,
  unsupported,
} from "./tokenizer-limits.ts";

// What reaches the library is made anew from what was checked: it looks at types no further than it must.

const prependSchemes = ["always", "first", "never"];
/** Normalizers of the library's that take no options which could be wrong, or only true and false. */
const plainNormalizers = ["NFC", "NFD", "NFKC", "NFKD", "StripAccents", "Lowercase", "Strip", "BertNormalizer", "Precompiled"];

export function exactNormalizer(json: Json | null, file: string): Json | null {
  if (json === null) return null;
  const normalizers = flattenSteps(json, "normalizers", file, "normalizer").map((step): Json => {
    const type = nameOf(step["type"]);
    if (plainNormalizers.includes(type)) return { ...flags(step), type };
    if (type === "Prepend") return { type, prepend: replacement(step["prepend"], file) };
    if (type !== "Replace") throw unsupported(file, "normalizer", `the normalizer ${nameOf(step["type"])}`);
    // JavaScript reads $& and the like in a replacement; the reference takes it as it is.
    const content = replacement(step["content"] ?? "", file).replaceAll("$", "$$$$");
    return { type, pattern: checkPattern(step["pattern"], file, "normalizer"), content };
  });
  return { type: "Sequence", normalizers };
}

/**
 * The library's `Digits` knows ASCII digits only and its `ByteLevel` regex uses JavaScript's \s (which takes U+FEFF and
 * not U+0085); the reference does neither. Both are the same as a `Split` with a regex that the library translates
 * correctly.
 */
export function exactPreTokenizer(json: Json | null, file: string): Json | null {
  if (json === null) return null;
  const steps = flattenSteps(json, "pretokenizers", file, "pre_tokenizer");
  // Each turns bytes into characters that are two bytes long.
  if (steps.filter((step) => step["type"] === "ByteLevel").length > 1) throw unsupported(file, "pre_tokenizer", "ByteLevel twice");
  return { type: "Sequence", pretokenizers: steps.flatMap((step) => exactStep(step, file)) };
}

function exactStep(json: Json, file: string): Json[] {
  switch (json["type"]) {
    case "Digits":
      return [split(json["individual_digits"] === true ? "\\p{N}" : "\\p{N}+")];
    case "ByteLevel": {
      const regex = json["use_regex"] !== false;
      const prefix = json["add_prefix_space"] === true;
      if (prefix && regex) throw unsupported(file, "pre_tokenizer", "ByteLevel with add_prefix_space");
      const bytes = { type: "ByteLevel", add_prefix_space: prefix, use_regex: false };
      return regex ? [split(gpt2Regex), bytes] : [bytes];
    }
    case "Split": {
      const behavior = json["behavior"];
      if (behavior !== "Isolated" && behavior !== "Removed")
        throw unsupported(file, "pre_tokenizer", `Split with the behaviour ${nameOf(behavior)}`);
      return [{ type: "Split", pattern: checkPattern(json["pattern"], file, "pre_tokenizer"), behavior, invert: json["invert"] === true }];
    }
    case "Metaspace": {
      const [mark, scheme] = [json["replacement"] ?? "\u2581", json["prepend_scheme"] ?? "always"];
      if (typeof mark !== "string" || Array.from(mark).length !== 1 || !prependSchemes.some((known) => known === scheme))
        throw bad(file, "pre_tokenizer", `has the Metaspace ${brief(json)}`);
      return [{ type: "Metaspace", replacement: mark, prepend_scheme: scheme }];
    }
    default:
      throw unsupported(file, "pre_tokenizer", `the pre-tokenizer ${nameOf(json["type"])}`);
  }
}

export function split(regex: string): Json {
  return { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false };
}

/** What is put around a text's tokens. */
export function exactPostProcessor(json: Json | null, file: string): Json | null {
  if (json === null) return null;
  const processors = flattenSteps(json, "processors", file, "post_processor").map((step): Json => {
    switch (step["type"]) {
      case "ByteLevel":
        return { type: "ByteLevel" };
      case "BertProcessing":
      case "RobertaProcessing":
        return { type: step["type"], cls: tokenPair(step["cls"], file), sep: tokenPair(step["sep"], file) };
      case "TemplateProcessing":
        return { type: "TemplateProcessing", single: templateItems(step["single"], file), pair: [] };
      default:
        throw unsupported(file, "post_processor", `the post-processor ${nameOf(step["type"])}`);
    }
  });
  return processors.length === 1 ? (processors[0] ?? null) : { type: "Sequence", processors };
}

function templateItems(value: unknown, file: string): Json[] {
  const items = list(value);
  let texts = 0;
  if (!Array.isArray(value) || items.length > maxSteps) throw bad(file, "post_processor", `has the template ${brief(value)}`);
  return items.map((item) => {
    const [special, sequence] = [object(item["SpecialToken"]), object(item["Sequence"])];
    if (typeof special["id"] === "string") return { SpecialToken: { id: special["id"], type_id: 0 } };
    if (sequence["id"] === "A" && texts++ === 0) return { Sequence: { id: "A", type_id: 0 } };
    throw bad(file, "post_processor", `has the template item ${brief(item)}`);
  });
}

function tokenPair(value: unknown, file: string): [string, number] {
  const [token, id]: unknown[] = Array.isArray(value) ? value : [];
  if (typeof token === "string" && typeof id === "number") return [token, id];
  throw bad(file, "post_processor", `has the token ${brief(value)}`);
}

function replacement(value: unknown, file: string): string {
  if (typeof value === "string" && value.length <= maxReplacement) return value;
  throw bad(file, "normalizer", `has the replacement ${brief(value)} in its normalizer`);
}

function flags(step: Json): Json {
  return Object.fromEntries(Object.entries(step).filter(([, value]) => typeof value === "boolean"));
}
