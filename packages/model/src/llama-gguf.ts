import type { Architecture } from "@lexiscope/contract";
import { brief, LexiscopeError } from "@lexiscope/core";
import type { GgufHeader } from "@lexiscope/formats";
import { checkArchitecture } from "./check-architecture.ts";
import type { GgufKeys } from "./gguf-keys.ts";

/** Keys (after `llama.`) that change the forward pass in a way ours does not know, with the value that is harmless. */
const refused: readonly [key: string, harmless: unknown][] = [
  ["expert_count", 0],
  ["attention.sliding_window", 0],
  ["attention.scale", 0],
  ["attention.clamp_kqv", 0],
  ["attn_logit_softcapping", 0],
  ["final_logit_softcapping", 0],
  ["use_parallel_residual", false],
  ["residual_scale", 1],
  ["embedding_scale", 1],
  ["logit_scale", 1],
  ["attention.causal", true],
];

/** The architecture that a GGUF header describes. `divisors` come from `rope_freqs.weight`, when the file has it. */
export function llamaFromGguf(keys: GgufKeys, header: GgufHeader, divisors: number[] | undefined): Architecture {
  const family = keys.needed("general.architecture", keys.string("general.architecture"));
  if (family !== "llama")
    throw unsupported(
      keys,
      "general.architecture",
      `models of the architecture ${JSON.stringify(family)}`,
      "Llama-family models (architecture llama) are",
    );
  if ((keys.integer("split.count") ?? 1) > 1)
    throw unsupported(keys, "split.count", "models split over several GGUF files", "merge them with gguf-split --merge");
  for (const [key, harmless] of refused) {
    const value = header.keys.get(`llama.${key}`);
    if (value !== undefined && value !== harmless) throw unsupported(keys, `llama.${key}`, `llama.${key} = ${brief(value)}`);
  }
  const integer = (key: string): number => keys.needed(`llama.${key}`, keys.integer(`llama.${key}`));
  const d = integer("embedding_length");
  const heads = integer("attention.head_count");
  const headWidth = keys.integer("llama.attention.key_length") ?? d / heads;
  if ((keys.integer("llama.attention.value_length") ?? headWidth) !== headWidth)
    throw unsupported(keys, "llama.attention.value_length", "keys and values of different widths");
  const width = keys.integer("llama.rope.dimension_count") ?? headWidth;
  if (width !== headWidth) throw unsupported(keys, "llama.rope.dimension_count", `rotary positions on ${width} of ${headWidth} dimensions`);
  const embed = header.tensors.get("token_embd.weight");
  return checkArchitecture(keys.file, {
    family: "llama",
    layers: integer("block_count"),
    d,
    heads,
    kvHeads: keys.integer("llama.attention.head_count_kv") ?? heads,
    headWidth,
    ff: integer("feed_forward_length"),
    vocabulary: embed?.ne[1] ?? integer("vocab_size"),
    context: integer("context_length"),
    norm: {
      kind: "rms",
      epsilon: Math.fround(keys.needed("llama.attention.layer_norm_rms_epsilon", keys.number("llama.attention.layer_norm_rms_epsilon"))),
    },
    positions: {
      kind: "rope",
      base: keys.number("llama.rope.freq_base") ?? 10_000,
      width,
      divisors: divisors ?? linearDivisors(keys, width),
    },
    mlp: { kind: "gated", activation: "silu" },
    tied: !header.tensors.has("output.weight"),
  });
}

function linearDivisors(keys: GgufKeys, width: number): number[] | undefined {
  const type = keys.string("llama.rope.scaling.type") ?? "none";
  if (type === "none") return undefined;
  if (type !== "linear")
    throw unsupported(keys, "llama.rope.scaling.type", `rotary positions of the type ${JSON.stringify(type)}`, "none and linear are");
  const factor = keys.needed("llama.rope.scaling.factor", keys.number("llama.rope.scaling.factor"));
  return new Array<number>(width / 2).fill(factor);
}

function unsupported(keys: GgufKeys, field: string, what: string, hint?: string): LexiscopeError {
  return new LexiscopeError("unsupported", `${keys.file}: ${what}: not yet supported`, {
    file: keys.file,
    field,
    ...(hint ? { hint } : {}),
  });
}
