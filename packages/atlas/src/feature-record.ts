import { LexiscopeError } from "@lexiscope/core";
import { z } from "zod";
import type { ExampleContexts } from "./example-contexts.ts";
import type { ExampleWindow, FeatureExample, FeatureStatistics, TokenEffect } from "./types.ts";

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

/** Numbers by the thousand: a schema of each would take longer than all else that a page of examples does. */
function numbers(isOne: (value: unknown) => boolean, { min = 0, max = Number.POSITIVE_INFINITY } = {}): z.ZodType<number[]> {
  return z.custom<number[]>((value) => Array.isArray(value) && value.length >= min && value.length <= max && value.every(isOne));
}
const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** A context as the atlas keeps it. */
export const contextRecordSchema = z.object({
  /** Ordinal in the activation store. */
  id: z.int().nonnegative(),
  document: z.int().nonnegative(),
  /** Offset of its first token in the document. */
  start: z.int().nonnegative(),
  tokens: numbers(isWhole, { min: 1, max: 1_048_576 }),
});
export type ContextRecord = z.infer<typeof contextRecordSchema>;

const exampleSchema = z.object({
  /** Ours, beside the format's own fields: the sparse form over the whole context. */
  context: z.int().nonnegative(),
  document: z.int().nonnegative(),
  start: z.int().nonnegative(),
  peak: z.int().nonnegative(),
  interval: z.int().min(-1),
  positions: numbers(isWhole),
  values: numbers(Number.isFinite),
  is_repeated_datapoint: z.boolean(),
});

const featureRecordSchema = z.object({
  index: z.int().nonnegative(),
  examples_quantiles: z.array(z.object({ quantile_name: z.string(), examples: z.array(exampleSchema) })),
});

export interface RecordInput {
  summary: FeatureStatistics;
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

/** What a record is read with. */
export interface RecordReader {
  file: string;
  contextOf(ordinal: number): Promise<ContextRecord>;
  tokenText(id: number): string | undefined;
}

/** Reads a packed record back into examples over whole contexts, or over a window around each peak; or only example `n` of it. */
export async function readFeatureRecord(
  { file, contextOf, tokenText }: RecordReader,
  index: number,
  json: unknown,
  { window, n }: { window?: ExampleWindow | undefined; n?: number | undefined } = {},
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
  const { before, after } = checkedWindow(window);
  const all = parsed.data.examples_quantiles.flatMap((group) => group.examples);
  return Promise.all(
    (n === undefined ? all : all.slice(n, n + 1)).map(async (example) => {
      const { document, start, tokens: whole } = await contextOf(example.context);
      if (example.peak >= whole.length || example.positions.some((position) => position >= whole.length))
        throw bad(`names a position outside of context ${example.context}`);
      const from = Math.max(0, example.peak - before);
      const tokens = Int32Array.from(whole.slice(from, example.peak + after + 1));
      const activations = new Float32Array(tokens.length);
      for (const [i, position] of example.positions.entries())
        if (position >= from && position < from + tokens.length) activations[position - from] = example.values[i] ?? 0;
      return {
        tokens,
        texts: Array.from(tokens, (id) => tokenText(id) ?? `<${id}>`),
        activations,
        document,
        start,
        from,
        length: whole.length,
        peak: example.peak - from,
        interval: example.interval,
        repeat: example.is_repeated_datapoint,
      };
    }),
  );
}

function checkedWindow(window: ExampleWindow | undefined): ExampleWindow {
  if (!window) return { before: Number.POSITIVE_INFINITY, after: Number.POSITIVE_INFINITY };
  for (const field of ["before", "after"] as const) {
    if (!Number.isInteger(window[field]) || window[field] < 0)
      throw new LexiscopeError("invalid_input", `${field} is ${window[field]}; it must be a whole number from 0`, { field });
  }
  return window;
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
