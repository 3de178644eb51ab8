import { brief, LexiscopeError } from "@lexiscope/core";

/** Steps of a normalizer, a pre-tokenizer or a post-processor; real ones have up to ten, two deep. */
export const maxSteps = 32;
export const maxDepth = 8;
/** Added tokens, and characters of one and of all: speech models have some 30,000 of 20 characters. Each becomes a path of objects. */
export const maxAdded = 2 ** 16;
export const maxAddedLength = 512;
export const maxAddedCharacters = 2 ** 20;
/** Ids that nothing names beyond as many as are named: stops a list of four million from one entry. */
export const maxUnnamed = 2 ** 16;
/** Characters that a normalizer puts in the place of one match; ▁ is the usual one. */
export const maxReplacement = 32;
/** A regular expression; the longest real one has 600. */
export const maxRegex = 4096;
/** What a normalizer may make of a text, as a multiple of its length: compatibility forms have up to 18 characters for one. */
export const maxGrowth = 32;

export type Json = Record<string, unknown>;

export function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

/** What a step says that it is. */
export function nameOf(type: unknown): string {
  return typeof type === "string" ? type : brief(type);
}

export function bad(file: string, field: string, what: string): LexiscopeError {
  return new LexiscopeError("bad_file", `${file} ${what}`, { file, field, hint: "download the tokenizer again" });
}

export function unsupported(file: string, field: string, what: string): LexiscopeError {
  return new LexiscopeError("unsupported", `${file}: ${what} is not yet supported`, {
    file,
    field,
    hint: "byte-level and SentencePiece-like BPE tokenizers are",
  });
}

/** The steps of nested sequences, one after the other; `key` is where a `Sequence` keeps its own. */
export function flattenSteps(value: Json | null, key: string, file: string, field: string): Json[] {
  const steps: Json[] = [];
  const stack: [Json, number][] = value === null ? [] : [[value, 0]];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const [step, depth] = top;
    if (step["type"] === "Sequence") {
      const parts = list(step[key]);
      if (depth >= maxDepth || parts.length > maxSteps) throw unsupported(file, field, `a ${field} of so many steps`);
      stack.push(...parts.toReversed().map((part): [Json, number] => [part, depth + 1]));
    } else steps.push(step);
    if (steps.length + stack.length > maxSteps) throw unsupported(file, field, `a ${field} of so many steps`);
  }
  return steps;
}

/** `{"Regex": …}` or `{"String": …}`, and nothing else. */
export function checkPattern(value: unknown, file: string, field: string): { Regex: string } | { String: string } {
  const { Regex: regex, String: text } = object(value);
  if (typeof regex === "string" && regex.length <= maxRegex) return { Regex: regex };
  if (regex === undefined && typeof text === "string" && text !== "" && text.length <= maxRegex) return { String: text };
  throw bad(file, field, `has the pattern ${brief(value)} in its ${field}`);
}
