import { LexiscopeError } from "@lexiscope/core";

/** How a byte-level BPE cuts text before merging: regexes in sequence, each isolating its matches. */
export interface PreTokenizer {
  regexes: readonly string[];
  /** A pre-token that is in the vocabulary is taken whole. */
  ignoreMerges: boolean;
  /** Whether BOS is added when the file does not say. */
  addBos: boolean;
}

const letters = "\\s\\p{L}\\p{N}";
/** GPT-2's own regex, the last step of most others. */
export const gpt2Regex = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${letters}]+|\\s+(?!\\S)|\\s+`;
const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const spaces = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const qwen2 = (digits: string): string => `${contraction}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^${letters}]+[\\r\\n]*|${spaces}`;
const upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
const tekken = (digits: string, suffix: string): string =>
  `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${suffix}|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${suffix}|${digits}| ?[^${letters}]+[\\r\\n/]*|${spaces}`;

const plain = (...regexes: string[]): PreTokenizer => ({ regexes, ignoreMerges: false, addBos: false });
const whole = (...regexes: string[]): PreTokenizer => ({ regexes, ignoreMerges: true, addBos: true });

/** `tokenizer.ggml.pre` → cutting rule. A new name is one row here. */
const table: readonly [names: string, rule: PreTokenizer][] = [
  ["gpt-2 phi-2 mpt olmo jais", plain(gpt2Regex)],
  ["smollm starcoder refact command-r codeshell exaone minerva-7b", plain("\\p{N}", gpt2Regex)],
  ["qwen2 stablelm2 hunyuan deepseek-r1-qwen megrez", plain(qwen2("\\p{N}"))],
  ["llama-bpe llama3 llama-v3 falcon3 pixtral lfm2", whole(qwen2("\\p{N}{1,3}"))],
  ["dbrx smaug-bpe", plain(qwen2("\\p{N}{1,3}"))],
  ["tekken", whole(tekken("\\p{N}", ""))],
  ["gpt-4o llama4", plain(tekken("\\p{N}{1,3}", `${contraction}?`))],
  ["falcon", plain("[\\p{P}\\$\\+<=>\\^~\\|`]+", gpt2Regex, "[0-9][0-9][0-9]")],
  ["default", plain("[\\p{P}\\$\\+<=>\\^~\\|]+", gpt2Regex, "\\p{N}+", "[0-9][0-9][0-9]")],
];

const rules: ReadonlyMap<string, PreTokenizer> = new Map(
  table.flatMap(([names, rule]) => names.split(" ").map((name): [string, PreTokenizer] => [name, rule])),
);

const known: ReadonlySet<string> = new Set(table.flatMap(([, { regexes }]) => regexes));

/** Whether a regex is one of ours, which take time in proportion to the text. */
export function isKnownRegex(regex: string): boolean {
  return known.has(regex) || regex === "\\p{N}+";
}

/** The rule that a file names; an unknown name is refused, since a wrong cut gives wrong tokens without any sign of it. */
export function preTokenizerFor(name: string, file: string): PreTokenizer {
  const rule = rules.get(name);
  if (rule) return rule;
  throw new LexiscopeError("unsupported", `${file}: the pre-tokenizer ${JSON.stringify(name)} is not known`, {
    file,
    field: "tokenizer.ggml.pre",
    hint: `state the one it equals with the option tokenizerPre (known: ${[...rules.keys()].join(", ")})`,
  });
}
