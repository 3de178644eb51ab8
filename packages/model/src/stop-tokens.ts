/** Texts that end a turn or a text in one family or another; they count where they are special tokens. */
const stopTexts: ReadonlySet<string> = new Set([
  "<|eot_id|>",
  "<|im_end|>",
  "<|end|>",
  "<end_of_turn>",
  "<|endoftext|>",
  "</s>",
  "<|end_of_text|>",
  "<|eom_id|>",
  "<EOT>",
]);

/** Ids that end a generation: those that the model's files name, and well-known special tokens. Ascending. */
export function stopTokens(options: {
  named: readonly (number | undefined)[];
  specialIds: Iterable<number>;
  textOf: (id: number) => string;
  vocabulary: number;
}): number[] {
  const ids = new Set(options.named.filter((id) => id !== undefined));
  for (const id of options.specialIds) if (stopTexts.has(options.textOf(id))) ids.add(id);
  return [...ids].filter((id) => id >= 0 && id < options.vocabulary).toSorted((a, b) => a - b);
}
