import { expect, test } from "vitest";
import { llamaGgufTensors, llamaHfTensors } from "./tensor-names.ts";
import { tinyArchitecture } from "./tiny-model.fixture.ts";

const a = tinyArchitecture({ layers: 1, tied: false });

test("Hugging Face names; biases exactly when the configuration has them", () => {
  const names = (attention: boolean, mlp: boolean): string[] => llamaHfTensors(a, { attention, mlp }).map(({ name }) => name);
  expect(names(false, false)).toEqual(
    [
      "model.embed_tokens",
      "model.norm",
      "lm_head",
      "model.layers.0.input_layernorm",
      ...["q", "k", "v", "o"].map((x) => `model.layers.0.self_attn.${x}_proj`),
      "model.layers.0.post_attention_layernorm",
      ...["gate", "up", "down"].map((x) => `model.layers.0.mlp.${x}_proj`),
    ].map((name) => `${name}.weight`),
  );
  expect(names(true, false).filter((name) => name.endsWith(".bias")).length).toBe(4);
  expect(names(false, true).filter((name) => name.endsWith(".bias"))).toEqual(
    ["gate", "up", "down"].map((x) => `model.layers.0.mlp.${x}_proj.bias`),
  );
});

test("GGUF names; queries and keys are to be unpermuted", () => {
  const tensors = llamaGgufTensors(a);
  expect(tensors.filter(({ optional }) => !optional).map(({ name }) => name)).toEqual(
    [
      "token_embd",
      "output_norm",
      "output",
      ...["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down"].map((x) => `blk.0.${x}`),
    ].map((name) => `${name}.weight`),
  );
  expect(tensors.flatMap(({ name, unpermuteHeads }) => (unpermuteHeads ? [[name, unpermuteHeads]] : []))).toEqual([
    ["blk.0.attn_q.weight", 4],
    ["blk.0.attn_k.weight", 2],
  ]);
});
