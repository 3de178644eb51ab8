import { join } from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { temporaryFolder } from "@lexiscope/activations/testing";
import { floatToBf16 } from "@lexiscope/activations";
import { withTask } from "@lexiscope/native";
import { nativeDictionary } from "./native-dictionary.ts";
import { readSaeLens, writeSaeLens, type SaeLensConfig } from "./saelens.ts";
import type { Activation } from "./types.ts";

const weights = {
  encoder: Float32Array.of(1, 0, 0, 1, 1, 1),
  encoderBias: Float32Array.of(0, 0.5, -1),
  decoder: Float32Array.of(1, 0, 0, 1, 0.6, 0.8),
  decoderBias: Float32Array.of(1, 0),
};
const shape: Omit<SaeLensConfig, "activation" | "applyBDecToInput"> = {
  d: 2,
  features: 3,
  modelName: "made-up",
  site: "blocks.0.hook_resid_post",
  context: 8,
  own: {},
};

async function codeOf(activation: Activation, applyBDecToInput: boolean): Promise<{ folder: string; f: number[][] }> {
  const folder = await temporaryFolder();
  await writeSaeLens(folder, weights, { ...shape, activation, applyBDecToInput });
  const read = await readSaeLens(folder);
  expect(read).toEqual({ weights, d: 2, features: 3, activation, applyBDecToInput, site: shape.site });
  const native = await nativeDictionary(read.weights, read, undefined);
  const { k, indices, values } = await withTask(undefined, (task) => native.encode(floatToBf16(Float32Array.of(2, 1, 0, 0)), task));
  const f = [0, 1].map((row) => {
    const dense = [0, 0, 0];
    for (let j = row * k; j < (row + 1) * k; j++) if (values[j]) dense[indices[j] ?? 0] = values[j] ?? 0;
    return dense;
  });
  return { folder, f };
}

// Pre-activations of [2, 1] and [0, 0]: with b_dec taken off [1, 1.5, 1] and [−1, .5, −2], without [2, 1.5, 2] and [0, .5, −1].
test("every activation comes back from its folder and computes its definition", async () => {
  const relu = await codeOf({ kind: "relu" }, true);
  expect(relu.f).toEqual([
    [1, 1.5, 1],
    [0, 0.5, 0],
  ]);
  expect((await codeOf({ kind: "relu" }, false)).f).toEqual([
    [2, 1.5, 2],
    [0, 0.5, 0],
  ]);
  expect((await codeOf({ kind: "jumprelu", threshold: Float32Array.of(1, 1, 0.5) }, true)).f).toEqual([
    [0, 1.5, 1],
    [0, 0, 0],
  ]);
  expect((await codeOf({ kind: "topk", k: 1 }, true)).f).toEqual([
    [0, 1.5, 0],
    [0, 0.5, 0],
  ]);
  expect(JSON.parse(await readFile(join(relu.folder, "cfg.json"), "utf8"))).toMatchObject({ architecture: "standard" });
});

test("what the file says is read strictly", async () => {
  const { folder } = await codeOf({ kind: "jumprelu", threshold: Float32Array.of(1, 1, 0.5) }, true);
  const file = join(folder, "cfg.json");
  const config = await readFile(file, "utf8");
  await writeFile(file, config.replace('"jumprelu"', '"gated"'));
  await expect(readSaeLens(folder)).rejects.toMatchObject({ code: "unsupported", file, field: "architecture" });
  await writeFile(file, config.replace('"d_sae": 3', '"d_sae": 4'));
  await expect(readSaeLens(folder)).rejects.toMatchObject({ code: "bad_file", file: join(folder, "sae_weights.safetensors") });
});
