import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLexiscopeError, type ErrorCode } from "@lexiscope/core";
import type { GgufTensorToWrite, GgufWritable } from "@lexiscope/formats";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planGguf } from "./plan-gguf.ts";
import { tinyArchitecture, tinyGguf, tinyTokens, tinyWeights } from "./tiny-model.fixture.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-"));
});
afterAll(() => rm(folder, { recursive: true }));

const a = tinyArchitecture();
const weights = tinyWeights(a);
const write = async (bytes: Uint8Array, name = "tiny.gguf"): Promise<string> => {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
};
const refused = async (keys: Record<string, GgufWritable>, code: ErrorCode, field: string): Promise<void> => {
  await expect(planGguf(await write(tinyGguf(a, weights, keys)))).rejects.toMatchObject({ code, field });
};

test("architecture, tensors, tokenizer, template and stop ids of a small file", async () => {
  const path = await write(tinyGguf(a, weights));
  const plan = await planGguf(path);
  expect(plan).toMatchObject({
    name: "tiny",
    architecture: a,
    files: [path],
    warnings: [],
    stopIds: [tinyTokens.length - 1, undefined, undefined],
  });
  expect(plan.tensors.length).toBe(2 + 2 * 9);
  expect(plan.tensors.find(({ role }) => role === "blocks.1.attn.k")).toMatchObject({
    rows: 16,
    cols: 32,
    type: "F32",
    unpermuteHeads: 2,
    bytes: 2048,
  });
  expect(plan.tensors.find(({ role }) => role === "blocks.1.attn.v")).not.toHaveProperty("unpermuteHeads");
  expect(plan.tensors.find(({ role }) => role === "final_norm")).toMatchObject({ rows: 1, cols: 32 });
  expect(plan.template?.template).toContain("<|im_start|>");
});

test("untied: the head is a tensor of its own", async () => {
  const untied = tinyArchitecture({ tied: false });
  const plan = await planGguf(await write(tinyGguf(untied, tinyWeights(untied))));
  expect(plan.architecture.tied).toBe(false);
  expect(plan.tensors.some(({ role }) => role === "unembed")).toBe(true);
});

test("rope_freqs.weight becomes the divisors", async () => {
  const extra = encodeWith(
    (name) => name !== "",
    [{ name: "rope_freqs.weight", ne: [4], typeId: 0, data: new Uint8Array(Float32Array.of(1, 1, 2, 8).buffer) }],
  );
  const plan = await planGguf(await write(extra));
  expect(plan.architecture.positions.divisors).toEqual([1, 1, 2, 8]);
});

describe("refusals name the key or the tensor", () => {
  test("keys", async () => {
    await refused({ "general.architecture": "qwen2" }, "unsupported", "general.architecture");
    await refused({ "llama.expert_count": 8 }, "unsupported", "llama.expert_count");
    await refused({ "llama.rope.scaling.type": "yarn" }, "unsupported", "llama.rope.scaling.type");
    await refused({ "llama.rope.dimension_count": 4 }, "unsupported", "llama.rope.dimension_count");
    await refused({ "split.count": 2 }, "unsupported", "split.count");
    await refused({ "llama.block_count": 5000 }, "bad_file", "layers");
    await refused({ "llama.block_count": "two" }, "bad_file", "llama.block_count");
    await refused({ "llama.block_count": 3 }, "bad_file", "blocks.2.attn_norm".replace("blocks", "blk").concat(".weight"));
    await refused({ "llama.feed_forward_length": 63 }, "bad_file", "blk.0.ffn_gate.weight");
  });

  test("tensors", async () => {
    const data = new Uint8Array(8);
    await expect(planGguf(await write(encodeWith((name) => name !== "blk.1.attn_v.weight", [])))).rejects.toMatchObject({
      code: "bad_file",
      field: "blk.1.attn_v.weight",
    });
    await expect(
      planGguf(await write(encodeWith(() => true, [{ name: "blk.0.attn_q_norm.weight", ne: [2], typeId: 0, data }]))),
    ).rejects.toMatchObject({ code: "unsupported", field: "blk.0.attn_q_norm.weight" });
    await expect(
      planGguf(await write(encodeWith(() => true, [{ name: "blk.0.attn_q.bias", ne: [2], typeId: 0, data }]))),
    ).rejects.toMatchObject({ code: "unsupported", field: "blk.0.attn_q.bias" });
    const quantised = encodeWith(
      (name) => name !== "output_norm.weight",
      [{ name: "output_norm.weight", ne: [32], typeId: 9, data: new Uint8Array(36) }],
    );
    await expect(planGguf(await write(quantised))).rejects.toMatchObject({
      code: "unsupported",
      field: "output_norm.weight",
      message: expect.stringContaining("Q8_1"),
    });
  });
});

test("truncations and flipped bits give a plan or a LexiscopeError", async () => {
  const bytes = tinyGguf(a, weights);
  const header = 6000; // the weights behind are not read here
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(header * 8 - 1), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      fc.nat(bytes.length),
      async (flips, whole, length) => {
        const copy = Buffer.from(bytes);
        for (const bit of flips) copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const error: unknown = await planGguf(await write(whole ? copy : copy.subarray(0, length), "flipped.gguf")).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error !== undefined && !isLexiscopeError(error)) throw error;
      },
    ),
    { numRuns: 300 },
  );
});

/** The tiny file with some of its tensors left out and others added. */
function encodeWith(keep: (name: string) => boolean, extra: readonly GgufTensorToWrite[]): Uint8Array {
  return tinyGguf(a, weights, {}, (tensors) => [...tensors.filter(({ name }) => keep(name)), ...extra]);
}
