import type { Architecture } from "@lexiscope/contract";
import { roleShapes, type WantedTensor } from "./tensors.ts";

const ggufNames: Readonly<Record<string, string>> = {
  embed: "token_embd",
  final_norm: "output_norm",
  unembed: "output",
  attn_norm: "attn_norm",
  "attn.q": "attn_q",
  "attn.k": "attn_k",
  "attn.v": "attn_v",
  "attn.o": "attn_output",
  mlp_norm: "ffn_norm",
  "mlp.gate": "ffn_gate",
  "mlp.up": "ffn_up",
  "mlp.down": "ffn_down",
};

const hfNames: Readonly<Record<string, string>> = {
  embed: "model.embed_tokens",
  final_norm: "model.norm",
  unembed: "lm_head",
  attn_norm: "input_layernorm",
  "attn.q": "self_attn.q_proj",
  "attn.k": "self_attn.k_proj",
  "attn.v": "self_attn.v_proj",
  "attn.o": "self_attn.o_proj",
  mlp_norm: "post_attention_layernorm",
  "mlp.gate": "mlp.gate_proj",
  "mlp.up": "mlp.up_proj",
  "mlp.down": "mlp.down_proj",
};

/** GGUF, architecture `llama`: q and k rows stand permuted per head. Biases are used when they are there. */
export function llamaGgufTensors(a: Architecture): WantedTensor[] {
  return roleShapes(a).map(({ role, shape, bias }) => {
    const heads = role.endsWith(".attn.q") ? a.heads : role.endsWith(".attn.k") ? a.kvHeads : undefined;
    return {
      role,
      shape,
      name: tensorName(role, "blk", ggufNames),
      optional: bias,
      ...(heads === undefined ? {} : { unpermuteHeads: heads }),
    };
  });
}

/** Hugging Face, `model_type` llama: biases are there exactly when the configuration says so. */
export function llamaHfTensors(a: Architecture, biases: { attention: boolean; mlp: boolean }): WantedTensor[] {
  return roleShapes(a).flatMap(({ role, shape, bias }) =>
    bias && !biases[role.includes(".attn.") ? "attention" : "mlp"]
      ? []
      : [{ role, shape, name: tensorName(role, "model.layers", hfNames) }],
  );
}

function tensorName(role: string, blocks: string, names: Readonly<Record<string, string>>): string {
  const [, layer, rest = role, bias] = /^(?:blocks\.(\d+)\.)?(.+?)(\.bias)?$/.exec(role) ?? [];
  return `${layer === undefined ? "" : `${blocks}.${layer}.`}${names[rest] ?? rest}.${bias ? "bias" : "weight"}`;
}
