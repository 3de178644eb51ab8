import { LexiscopeError } from "@lexiscope/core";
import { z } from "zod";
import type { ExampleContexts } from "./example-contexts.ts";
import type { FeatureExample, FeatureSummary, TokenEffect } from "./types.ts";

/** Tokens shown before and after a peak in the packed record; the whole context lies in the file of contexts. */
const shownBefore = 40;
const shownAfter = 24;

/** An example as it is made, before it is written: where the feature fires, sparse. */
export interface SparseExample {
  /** Ordinal in the atlas's file of contexts. */
  context: number;
  positions: Uint32Array;
  values: Float32Array;
  peak: number;
  interval: number;
  repeat: boolean;
}

/** A context as the atlas keeps it. */
export const contextRecordSchema = z.object({
  /** Ordinal in the activation store. */
  id: z.int().nonnegative(),
  document: z.int().nonnegative(),
  /** Offset of its first token in the document. */
  start: z.int().nonnegative(),
  tokens: z.array(z.int().nonnegative()).min(1).max(1_048_576),
});
export type ContextRecord = z.infer<typeof contextRecordSchema>;

const exampleSchema = z.object({
  /** Ours, beside the format's own fields: the sparse form over the whole context. */
  context: z.int().nonnegative(),
  document: z.int().nonnegative(),
  start: z.int().nonnegative(),
  peak: z.int().nonnegative(),
  interval: z.int().min(-1),
  positions: z.array(z.int().nonnegative()),
  values: z.array(z.number()),
  is_repeated_datapoint: z.boolean(),
});

const featureRecordSchema = z.object({
  index: z.int().nonnegative(),
  examples_quantiles: z.array(z.object({ quantile_name: z.string(), examples: z.array(exampleSchema) })),
});

export interface RecordInput {
  summary: FeatureSummary;
  histogram: readonly number[];
  top: readonly TokenEffect[];
  bottom: readonly TokenEffect[];
  examples: readonly SparseExample[];
  intervals: number;
  contexts: ExampleContexts;
}

/** A feature's packed record, as readers of feature files expect it (strongest group first), with our fields beside theirs. */
export function writeFeatureRecord(input: RecordInput): string {
  const { index, maximum, density } = input.summary;
  const groups = new Map<number, unknown[]>();
  for (const example of input.examples) {
    const { tokens, texts, document, start } = input.contexts.get(example.context);
    const from = Math.max(0, example.peak - shownBefore);
    const to = Math.min(tokens.length, example.peak + shownAfter + 1);
    const acts = new Array<number>(to - from).fill(0);
    const values = Array.from(example.values, shortFloat);
    for (const [i, position] of example.positions.entries()) if (position >= from && position < to) acts[position - from] = values[i] ?? 0;
    const group = groups.get(example.interval) ?? [];
    groups.set(example.interval, group);
    group.push({
      tokens: texts.slice(from, to),
      tokens_acts_list: acts,
      train_token_ind: example.peak - from,
      is_repeated_datapoint: example.repeat,
      context: example.context,
      document,
      start,
      peak: example.peak,
      interval: example.interval,
      positions: Array.from(example.positions),
      values,
    });
  }
  return JSON.stringify({
    index,
    examples_quantiles: Array.from(groups, ([interval, examples]) => ({
      quantile_name: groupName(interval, input.intervals, maximum),
      examples,
    })),
    top_logits: input.top.map(({ text }) => text),
    bottom_logits: input.bottom.map(({ text }) => text),
    act_min: 0,
    act_max: shortFloat(maximum),
    histogram: input.histogram,
    activation_frequency: density,
  });
}

/** Reads a packed record back into examples over whole contexts. */
export async function readFeatureRecord(
  file: string,
  index: number,
  json: unknown,
  contextOf: (ordinal: number) => Promise<ContextRecord>,
): Promise<FeatureExample[]> {
  const bad = (what: string): LexiscopeError =>
    new LexiscopeError("bad_file", `${file}: record ${index} ${what}`, {
      file,
      field: `record ${index}`,
      hint: "the file is damaged; copy or build the atlas again",
    });
  const parsed = featureRecordSchema.safeParse(json);
  if (!parsed.success) throw bad(`is not a feature: ${parsed.error.issues[0]?.path.join(".")}: ${parsed.error.issues[0]?.message}`);
  if (parsed.data.index !== index) throw bad(`is feature ${parsed.data.index}`);
  const examples: FeatureExample[] = [];
  for (const example of parsed.data.examples_quantiles.flatMap((group) => group.examples)) {
    const context = await contextOf(example.context);
    const activations = new Float32Array(context.tokens.length);
    if (example.peak >= activations.length || example.positions.some((position) => position >= activations.length))
      throw bad(`names a position outside of context ${example.context}`);
    for (const [i, position] of example.positions.entries()) activations[position] = example.values[i] ?? 0;
    examples.push({
      tokens: Int32Array.from(context.tokens),
      activations,
      document: context.document,
      start: context.start,
      peak: example.peak,
      interval: example.interval,
      repeat: example.is_repeated_datapoint,
    });
  }
  return examples;
}

function groupName(interval: number, intervals: number, maximum: number): string {
  if (interval < 0) return "Top activations";
  const edge = (i: number): string => ((maximum * i) / intervals).toPrecision(4);
  return `Interval ${interval + 1} of ${intervals}: ${edge(interval)} to ${edge(interval + 1)}`;
}

/** The shortest decimal that is the same f32. */
export function shortFloat(value: number): number {
  const f32 = Math.fround(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(f32.toPrecision(digits));
    if (Math.fround(short) === f32) return short;
  }
  return f32;
}
