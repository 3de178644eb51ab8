import { z } from "zod";

/**
 * What a decoder LM computes, as data: one forward pass reads this, no class per family. Roles of weights:
 * `embed` [V, d] · `final_norm` [d] · `unembed` [V, d] (absent when tied) · per block `blocks.L.` + `attn_norm` [d],
 * `attn.q` [H·hd, d], `attn.k`/`attn.v` [Hkv·hd, d], `attn.o` [d, H·hd] (+ `.bias` each), `mlp_norm` [d],
 * `mlp.gate`/`mlp.up` [ff, d], `mlp.down` [d, ff] (+ `.bias` each).
 */
export const architectureSchema = z.strictObject({
  family: z.literal("llama"),
  layers: z.int().min(1).max(1024),
  d: z.int().min(1).max(65_536),
  heads: z.int().min(1).max(1024),
  kvHeads: z.int().min(1).max(1024),
  headWidth: z.int().min(2).max(1024),
  ff: z.int().min(1).max(1_048_576),
  vocabulary: z.int().min(1).max(4_194_304),
  context: z.int().min(1).max(16_777_216),
  norm: z.strictObject({ kind: z.literal("rms"), epsilon: z.number().min(0).max(1) }),
  positions: z.strictObject({
    kind: z.literal("rope"),
    base: z.number().positive(),
    /** Width of the rotated part of a head. */
    width: z.int().min(2),
    /** Divides the inverse frequencies one by one (Llama 3 scaling); [width / 2]. */
    divisors: z.array(z.number().positive()).optional(),
  }),
  mlp: z.strictObject({ kind: z.literal("gated"), activation: z.literal("silu") }),
  tied: z.boolean(),
});

export type Architecture = z.infer<typeof architectureSchema>;
