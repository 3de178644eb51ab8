import { readFileSync } from "node:fs";
import { loadSafetensors } from "@lexiscope/formats";
import { withTask, type NativeForwardOutput } from "@lexiscope/native";
import { goldenPath } from "./built-in.fixture.ts";
import type { ChatMessage, Model } from "./types.ts";

/** scripts/golden/model.py's numbers: 5 texts × 128 tokens. */
export const texts = 5;
export const length = 128;
export const layers = [0, 15, 29] as const;

export interface GoldenForward {
  f32(name: string): Float32Array;
  i32(name: string): Int32Array;
}

export async function goldenForward(): Promise<GoldenForward> {
  const { tensors } = await loadSafetensors(goldenPath("forward.safetensors").pathname);
  const buffer = (name: string): ArrayBuffer => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`the golden file lacks ${name}`);
    return tensor.data.buffer;
  };
  return { f32: (name) => new Float32Array(buffer(name)), i32: (name) => new Int32Array(buffer(name)) };
}

export function goldenGreedy(): { messages: ChatMessage[]; prompt: number[]; ids: number[] }[] {
  return (
    JSON.parse(readFileSync(goldenPath("greedy.json"), "utf8")) as { items: { messages: ChatMessage[]; prompt: number[]; ids: number[] }[] }
  ).items;
}

/** All logits of the golden texts, and the residual streams after the golden layers. */
export async function forwardGolden(model: Model, golden: GoldenForward): Promise<NativeForwardOutput> {
  const taps = layers.map((layer) => ({ site: `blocks.${layer}.hook_resid_post`, values: "f32" as const }));
  return withTask(undefined, (task) =>
    model.native.forward(
      { tokens: golden.i32("tokens"), lengths: new Int32Array(texts).fill(length), taps, edits: [], logits: "full", top: 0 },
      task,
    ),
  );
}

/** All logits of the golden texts again, from a cache: a token of each text a call, as in generation. */
export async function decodeGolden(model: Model, golden: GoldenForward): Promise<Float32Array> {
  const width = model.architecture.vocabulary;
  const tokens = golden.i32("tokens");
  const cache = model.native.cache(texts, length);
  const all = new Float32Array(texts * length * width);
  for (let at = 0; at < length; at++) {
    const next = Int32Array.from({ length: texts }, (_, text) => tokens[text * length + at] ?? 0);
    const logits = await withTask(undefined, (task) => model.native.extend(cache, next, new Int32Array(texts).fill(1), [], task));
    for (let text = 0; text < texts; text++) all.set(logits.subarray(text * width, (text + 1) * width), (text * length + at) * width);
  }
  return all;
}

/** The most likely 32 tokens after each prompt, all prompts in one batch with a cache. */
export async function greedyAnswers(model: Model, items: readonly { prompt: number[] }[]): Promise<number[][]> {
  const cache = model.native.cache(items.length, 160);
  const answers = items.map((): number[] => []);
  let feed = items.map(({ prompt }) => prompt);
  for (let step = 0; step < 32; step++) {
    const tokens = Int32Array.from(feed.flat());
    const lengths = Int32Array.from(feed, (row) => row.length);
    const logits = await withTask(undefined, (task) => model.native.extend(cache, tokens, lengths, [], task));
    const width = model.architecture.vocabulary;
    feed = answers.map((answer, row) => {
      answer.push(argmax(logits.subarray(row * width, (row + 1) * width)));
      return answer.slice(-1);
    });
  }
  return answers;
}

/** KL(p‖q) in nats between the next-token distributions of two rows of logits. */
export function klDivergence(p: Float32Array, q: Float32Array): number {
  const [zp, zq] = [logSumExp(p), logSumExp(q)];
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const logP = (p[i] ?? 0) - zp;
    sum += Math.exp(logP) * (logP - ((q[i] ?? 0) - zq));
  }
  return sum;
}

function logSumExp(row: Float32Array): number {
  const max = row[argmax(row)] ?? 0;
  let sum = 0;
  for (const x of row) sum += Math.exp(x - max);
  return max + Math.log(sum);
}

export function argmax(row: Float32Array): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if ((row[i] ?? 0) > (row[best] ?? 0)) best = i;
  return best;
}
