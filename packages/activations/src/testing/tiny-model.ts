import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createRandom, writeJsonAtomic } from "@lexiscope/core";
import { writeSafetensors, type TensorToWrite } from "@lexiscope/formats";

/** Special tokens come first; the bytes follow. */
const specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const [layers, d, heads, kvHeads, headWidth, ff, context] = [2, 32, 4, 2, 8, 64, 128];
const vocabulary = specials.length + 256;

/**
 * Writes a Hugging Face folder with a random Llama model of two blocks, d 32, and a tokenizer that reads bytes: real
 * files for tests that run the real thing in milliseconds. The same seed gives the same bytes.
 */
export async function writeTinyModel(folder: string, seed = 1): Promise<string> {
  await mkdir(folder, { recursive: true });
  const random = createRandom(seed);
  const matrix = (rows: number, cols: number, gain = 1): TensorToWrite => ({
    dtype: "F32",
    shape: [rows, cols],
    data: Float32Array.from({ length: rows * cols }, () => (gain * random.normal()) / Math.sqrt(cols)),
  });
  const ones = (): TensorToWrite => ({ dtype: "F32", shape: [d], data: new Float32Array(d).fill(1) });
  const tensors: Record<string, TensorToWrite> = { "model.embed_tokens.weight": matrix(vocabulary, d, 4), "model.norm.weight": ones() };
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string): string => `model.layers.${layer}.${part}.weight`;
    tensors[name("input_layernorm")] = ones();
    tensors[name("self_attn.q_proj")] = matrix(heads * headWidth, d);
    tensors[name("self_attn.k_proj")] = matrix(kvHeads * headWidth, d);
    tensors[name("self_attn.v_proj")] = matrix(kvHeads * headWidth, d);
    tensors[name("self_attn.o_proj")] = matrix(d, heads * headWidth);
    tensors[name("post_attention_layernorm")] = ones();
    tensors[name("mlp.gate_proj")] = matrix(ff, d);
    tensors[name("mlp.up_proj")] = matrix(ff, d);
    tensors[name("mlp.down_proj")] = matrix(d, ff);
  }
  await writeSafetensors(join(folder, "model.safetensors"), tensors);
  await writeJsonAtomic(join(folder, "config.json"), {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_size: d,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headWidth,
    intermediate_size: ff,
    vocab_size: vocabulary,
    max_position_embeddings: context,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    hidden_act: "silu",
    tie_word_embeddings: true,
    attention_bias: false,
    mlp_bias: false,
    torch_dtype: "float32",
    eos_token_id: 0,
  });
  await writeJsonAtomic(join(folder, "tokenizer.json"), tokenizer());
  await writeJsonAtomic(join(folder, "tokenizer_config.json"), {
    tokenizer_class: "PreTrainedTokenizerFast",
    eos_token: specials[0],
    chat_template:
      "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
  });
  return folder;
}

/** A byte-level BPE without merges: one token a byte. */
function tokenizer(): unknown {
  const vocab: Record<string, number> = Object.fromEntries(specials.map((text, id) => [text, id]));
  for (const [byte, letter] of byteLetters().entries()) vocab[letter] = specials.length + byte;
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges: [],
    },
  };
}

/** GPT-2's letter for every byte: printable ones stand for themselves, the others from U+0100 on. */
function byteLetters(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCodePoint(printable ? byte : next++);
  });
}

/** Made-up sentences with some structure: `n` documents of about 300 characters. */
export function tinyTexts(n: number, seed = 1): string[] {
  const random = createRandom(seed);
  const words = [
    "the",
    "whale",
    "swims",
    "in",
    "cold",
    "water",
    "under",
    "seven",
    "stars",
    "while",
    "captains",
    "sleep",
    "and",
    "dream",
    "of",
    "islands",
    "near",
    "Nantucket",
    "1851",
    "(",
  ];
  return Array.from({ length: n }, () => Array.from({ length: 55 }, () => words[random.below(words.length)]).join(" "));
}
