import type { Architecture } from "@lexiscope/contract";
import { brief, LexiscopeError } from "@lexiscope/core";
import { checkArchitecture } from "./check-architecture.ts";
import type { HfConfig } from "./hf-config.ts";
import { ropeDivisors } from "./rope-scaling.ts";

/** What a Llama-family `config.json` says; `tied` is the flag, the tensors have the last word. */
export interface LlamaHf {
  architecture: Architecture;
  tieFlag: boolean | undefined;
  attentionBias: boolean;
  mlpBias: boolean;
}

/** Reads both styles of `config.json` (`rope_theta` + `rope_scaling`, or `rope_parameters`). Anything else than Llama is refused by name. */
export function llamaFromConfig(config: HfConfig): LlamaHf {
  const family = config.needed("model_type", config.string("model_type"));
  if (family !== "llama")
    throw unsupported(config, "model_type", `models of the type ${brief(family)}`, "Llama-family models (model_type llama) are");
  refuse(config);
  const layers = config.needed("num_hidden_layers", config.integer("num_hidden_layers"));
  const d = config.needed("hidden_size", config.integer("hidden_size"));
  const heads = config.needed("num_attention_heads", config.integer("num_attention_heads"));
  const headWidth = config.integer("head_dim") ?? d / heads;
  const rope = config.object("rope_parameters");
  const base = rope?.number("rope_theta") ?? config.number("rope_theta") ?? 10_000;
  const partial = rope?.number("partial_rotary_factor") ?? config.number("partial_rotary_factor") ?? 1;
  if (partial !== 1) throw unsupported(config, "partial_rotary_factor", `partial_rotary_factor ${partial}`);
  const architecture = checkArchitecture(config.file, {
    family: "llama",
    layers,
    d,
    heads,
    kvHeads: config.integer("num_key_value_heads") ?? heads,
    headWidth,
    ff: config.needed("intermediate_size", config.integer("intermediate_size")),
    vocabulary: config.needed("vocab_size", config.integer("vocab_size")),
    context: config.integer("max_position_embeddings") ?? 2048,
    norm: { kind: "rms", epsilon: config.number("rms_norm_eps") ?? 1e-6 },
    positions: { kind: "rope", base, width: headWidth, divisors: ropeDivisors(rope ?? config.object("rope_scaling"), base, headWidth) },
    mlp: { kind: "gated", activation: "silu" },
    tied: config.bool("tie_word_embeddings") ?? false,
  });
  return {
    architecture,
    tieFlag: config.bool("tie_word_embeddings"),
    attentionBias: config.bool("attention_bias") ?? false,
    mlpBias: config.bool("mlp_bias") ?? false,
  };
}

/** Settings that change the forward pass and that ours does not know. */
function refuse(config: HfConfig): void {
  const activation = config.string("hidden_act") ?? "silu";
  if (activation !== "silu") throw unsupported(config, "hidden_act", `the activation ${activation}`, "silu is");
  const window = config.integer("sliding_window");
  if (window !== undefined) throw unsupported(config, "sliding_window", `a sliding window of ${window}`);
  const kinds = config.get("layer_types");
  if (Array.isArray(kinds) && kinds.some((kind) => kind !== "full_attention"))
    throw unsupported(config, "layer_types", `the layer type ${brief(kinds.find((kind) => kind !== "full_attention"))}`);
  const quantisation = config.object("quantization_config");
  if (quantisation)
    throw unsupported(
      config,
      "quantization_config",
      `weights quantised by ${quantisation.string("quant_method") ?? "an unnamed method"}`,
      "full-precision folders and GGUF files are",
    );
}

function unsupported(config: HfConfig, field: string, what: string, hint?: string): LexiscopeError {
  return new LexiscopeError("unsupported", `${config.file}: ${what}: not yet supported`, {
    file: config.file,
    field,
    ...(hint ? { hint } : {}),
  });
}
