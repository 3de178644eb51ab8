import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Architecture } from "@lexiscope/contract";
import { createRandom } from "@lexiscope/core";
import { encodeGguf, writeSafetensors, type GgufTensorToWrite, type GgufWritable } from "@lexiscope/formats";
import { byteToChar } from "./byte-alphabet.ts";
import { llamaGgufTensors, llamaHfTensors } from "./tensor-names.ts";

/** A model small enough to write in a test: random weights, a byte vocabulary with three merges and two special tokens. */
export const tinyTokens = [...byteToChar, "he", "ll", "hell", "<|im_start|>", "<|im_end|>"];
export const tinyMerges: [string, string][] = [
  ["h", "e"],
  ["l", "l"],
  ["he", "ll"],
];
const template =
  "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

export function tinyArchitecture(change: Partial<Architecture> = {}): Architecture {
  return {
    family: "llama",
    layers: 2,
    d: 32,
    heads: 4,
    kvHeads: 2,
    headWidth: 8,
    ff: 64,
    vocabulary: tinyTokens.length,
    context: 64,
    norm: { kind: "rms", epsilon: 2 ** -17 },
    positions: { kind: "rope", base: 10_000, width: 8 },
    mlp: { kind: "gated", activation: "silu" },
    tied: true,
    ...change,
  };
}

/** Weights by role, [out, in] as torch has them. */
export function tinyWeights(a: Architecture, seed = 1): Map<string, Float32Array> {
  const random = createRandom(seed);
  const weights = new Map<string, Float32Array>();
  for (const { role, shape } of llamaHfTensors(a, { attention: false, mlp: false })) {
    const size = shape.reduce((product, n) => product * n, 1);
    weights.set(
      role,
      Float32Array.from({ length: size }, () => (role.endsWith("norm") ? 1 : 0) + random.normal() * 0.3),
    );
  }
  return weights;
}

/** The GGUF file of these weights: F32, q and k rows in GGUF's order (row h·hd + 2i + t is Hugging Face's h·hd + t·hd/2 + i). */
export function tinyGguf(
  a: Architecture,
  weights: Map<string, Float32Array>,
  keys: Record<string, GgufWritable> = {},
  change: (tensors: GgufTensorToWrite[]) => GgufTensorToWrite[] = (tensors) => tensors,
): Uint8Array {
  const tensors = llamaGgufTensors(a).flatMap(({ role, name, shape, unpermuteHeads }) => {
    const values = weights.get(role);
    if (!values) return [];
    return [{ name, ne: shape.toReversed(), typeId: 0, data: bytesOf(unpermuteHeads ? permute(values, unpermuteHeads, shape) : values) }];
  });
  return encodeGguf({ ...tinyKeys(a), ...keys }, change(tensors));
}

function tinyKeys(a: Architecture): Record<string, GgufWritable> {
  return {
    "general.architecture": "llama",
    "llama.block_count": a.layers,
    "llama.context_length": a.context,
    "llama.embedding_length": a.d,
    "llama.feed_forward_length": a.ff,
    "llama.attention.head_count": a.heads,
    "llama.attention.head_count_kv": a.kvHeads,
    "llama.attention.layer_norm_rms_epsilon": { f32: a.norm.epsilon },
    "llama.rope.freq_base": { f32: a.positions.base },
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": tinyTokens,
    "tokenizer.ggml.token_type": Int32Array.from(tinyTokens, (token) => (token.startsWith("<|") ? 3 : 1)),
    "tokenizer.ggml.merges": tinyMerges.map((pair) => pair.join(" ")),
    "tokenizer.ggml.eos_token_id": tinyTokens.length - 1,
    "tokenizer.chat_template": template,
  };
}

/** The same model as a Hugging Face folder; `shards` > 1 splits its tensors over that many files. */
export async function writeTinyFolder(
  folder: string,
  a: Architecture,
  weights: Map<string, Float32Array>,
  options: { shards?: number; config?: Record<string, unknown> } = {},
): Promise<void> {
  const { shards = 1, config = {} } = options;
  await mkdir(folder, { recursive: true });
  const files = Array.from({ length: shards }, (): Record<string, { dtype: "F32"; shape: readonly number[]; data: Float32Array }> => ({}));
  const weightMap: Record<string, string> = {};
  const fileName = (i: number): string => (shards === 1 ? "model.safetensors" : `model-0000${i + 1}-of-0000${shards}.safetensors`);
  for (const [at, { role, name, shape }] of llamaHfTensors(a, { attention: false, mlp: false }).entries()) {
    const data = weights.get(role) ?? new Float32Array();
    const file = files[at % shards];
    if (file) file[name] = { dtype: "F32", shape, data };
    weightMap[name] = fileName(at % shards);
  }
  for (const [i, tensors] of files.entries()) await writeSafetensors(join(folder, fileName(i)), tensors);
  if (shards > 1) await json(folder, "model.safetensors.index.json", { metadata: { total_size: 1 }, weight_map: weightMap });
  await json(folder, "config.json", { ...tinyConfig(a), ...config });
  await json(folder, "tokenizer.json", tinyTokenizerJson());
  await json(folder, "tokenizer_config.json", { eos_token: { content: "<|im_end|>" }, chat_template: template });
}

export function tinyConfig(a: Architecture): Record<string, unknown> {
  return {
    model_type: "llama",
    num_hidden_layers: a.layers,
    hidden_size: a.d,
    num_attention_heads: a.heads,
    num_key_value_heads: a.kvHeads,
    intermediate_size: a.ff,
    vocab_size: a.vocabulary,
    max_position_embeddings: a.context,
    rms_norm_eps: a.norm.epsilon,
    rope_theta: a.positions.base,
    hidden_act: "silu",
    tie_word_embeddings: a.tied,
    eos_token_id: tinyTokens.length - 1,
  };
}

export function tinyTokenizerJson(): Record<string, unknown> {
  return {
    version: "1.0",
    added_tokens: tinyTokens.flatMap((content, id) =>
      content.startsWith("<|") ? [{ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false }] : [],
    ),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab: Object.fromEntries(tinyTokens.map((token, id) => [token, id])), merges: tinyMerges },
  };
}

function permute(values: Float32Array, heads: number, shape: readonly number[]): Float32Array {
  const [rows = 0, cols = 0] = shape;
  const width = rows / heads;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const [head, at] = [Math.floor(row / width), row % width];
    const from = head * width + (at % 2) * (width / 2) + Math.floor(at / 2);
    out.set(values.subarray(from * cols, (from + 1) * cols), row * cols);
  }
  return out;
}

async function json(folder: string, name: string, value: unknown): Promise<void> {
  await writeFile(join(folder, name), JSON.stringify(value));
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
