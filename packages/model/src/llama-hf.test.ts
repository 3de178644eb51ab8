import { describe, expect, test } from "vitest";
import { HfConfig } from "./hf-config.ts";
import { llamaFromConfig } from "./llama-hf.ts";
import { tinyArchitecture, tinyConfig } from "./tiny-model.fixture.ts";

const read = (change: Record<string, unknown>): ReturnType<typeof llamaFromConfig> =>
  llamaFromConfig(new HfConfig("config.json", { ...tinyConfig(tinyArchitecture()), ...change }));

test("the plain style and rope_parameters give the same architecture", () => {
  expect(read({}).architecture).toEqual({ ...tinyArchitecture(), positions: { ...tinyArchitecture().positions, divisors: undefined } });
  expect(read({ rope_theta: undefined, rope_parameters: { rope_type: "default", rope_theta: 10_000 } }).architecture).toEqual(
    read({}).architecture,
  );
});

test("defaults of the family", () => {
  const { architecture } = read({
    num_key_value_heads: null,
    head_dim: null,
    rope_theta: undefined,
    rms_norm_eps: undefined,
    max_position_embeddings: undefined,
  });
  expect(architecture).toMatchObject({
    kvHeads: 4,
    headWidth: 8,
    context: 2048,
    norm: { epsilon: 1e-6 },
    positions: { base: 10_000, width: 8 },
  });
  expect(read({ head_dim: 16 }).architecture).toMatchObject({ headWidth: 16, positions: { width: 16 } });
});

test("scaled positions become divisors in both styles", () => {
  const linear = Array.from({ length: 4 }, () => 2);
  expect(read({ rope_scaling: { type: "linear", factor: 2 } }).architecture.positions.divisors).toEqual(linear);
  expect(read({ rope_parameters: { rope_type: "linear", factor: 2, rope_theta: 500 } }).architecture.positions).toMatchObject({
    divisors: linear,
    base: 500,
  });
});

describe("refusals by name", () => {
  test.each([
    ["unsupported", "model_type", { model_type: "gpt2" }, /"gpt2"/],
    ["unsupported", "model_type", { model_type: "qwen2" }, /"qwen2"/],
    ["unsupported", "model_type", { model_type: "gemma3_text" }, /"gemma3_text"/],
    ["unsupported", "hidden_act", { hidden_act: "gelu" }, /gelu/],
    ["unsupported", "sliding_window", { sliding_window: 4096 }, /4096/],
    ["unsupported", "layer_types", { layer_types: ["full_attention", "sliding_attention"] }, /sliding_attention/],
    ["unsupported", "rope_scaling", { rope_scaling: { rope_type: "yarn", factor: 4 } }, /"yarn"/],
    ["unsupported", "quantization_config", { quantization_config: { quant_method: "gptq" } }, /gptq/],
    ["unsupported", "partial_rotary_factor", { partial_rotary_factor: 0.5 }, /0.5/],
    ["bad_file", "num_hidden_layers", { num_hidden_layers: undefined }, /lacks num_hidden_layers/],
    ["bad_file", "hidden_size", { hidden_size: "32" }, /hidden_size is "32"/],
    ["bad_file", "layers", { num_hidden_layers: 1e9 }, /impossible model: layers/],
    ["bad_file", "headWidth", { num_attention_heads: 5 }, /headWidth/],
    ["bad_file", "kvHeads", { num_key_value_heads: 3 }, /4 heads cannot share 3/],
  ])("%s %s", (code, field, change, message) => {
    expect(() => read(change)).toThrow(expect.objectContaining({ code, field, message: expect.stringMatching(message) }));
  });
});
