import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { floatToBf16 } from "@lexiscope/activations";
import { temporaryFolder } from "@lexiscope/activations/testing";
import { encodeSafetensors, loadSafetensors, type LoadedTensor } from "@lexiscope/formats";
import { withTask } from "@lexiscope/native";
import { nativeDictionary } from "./native-dictionary.ts";
import { fold } from "./saelens-fold.ts";
import { readForeignSaeLens } from "./saelens-foreign.ts";
import { halfToNumber } from "./saelens-tensors.ts";
import { readSaeLens, writeSaeLens } from "./saelens.ts";
import type { Activation, DictionaryWeights } from "./types.ts";

/** Made by SAELens 6.54.12: scripts/golden/saelens_folders.py. */
const golden = join(import.meta.dirname, "..", "golden", "saelens");

const floats = ({ data }: LoadedTensor): Float32Array => new Float32Array(data.buffer);

async function run(
  weights: DictionaryWeights,
  shape: { d: number; features: number; activation: Activation; applyBDecToInput: boolean },
  rows: Float32Array,
): Promise<{ activations: Float32Array; reconstruction: Float32Array }> {
  const native = await nativeDictionary(weights, shape, undefined);
  const bf16 = floatToBf16(rows);
  const { k, indices, values } = await withTask(undefined, (task) => native.encode(bf16, task));
  const activations = new Float32Array((rows.length / shape.d) * shape.features);
  values.forEach((value, at) => {
    if (value !== 0) activations[Math.floor(at / k) * shape.features + (indices[at] ?? 0)] = value;
  });
  return { activations, reconstruction: await withTask(undefined, (task) => native.reconstruct(bf16, task)) };
}

const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const apart = (a: Float32Array, b: Float32Array): number => largest(a.map((value, i) => value - (b[i] ?? NaN))) / largest(b);
/** Activations and reconstruction, against the largest value. */
const tolerance = 2e-6;

for (const name of await readdir(golden)) {
  test(`${name}: activations and reconstruction are SAELens's, also after our own folder`, async () => {
    const { weights, activation, config } = await readForeignSaeLens(join(golden, name));
    const { d, features, applyBDecToInput } = config;
    expect(config).toMatchObject({ site: "blocks.0.hook_resid_post", modelName: "made-up", context: 64 });
    const { tensors } = await loadSafetensors(join(golden, name, "expected.safetensors"));
    const [rows, activations, reconstruction] = ["rows", "activations", "reconstruction"].map((key) =>
      floats(tensors.get(key) as LoadedTensor),
    ) as [Float32Array, Float32Array, Float32Array];
    const ours = await run(weights, { d, features, activation, applyBDecToInput }, rows);
    const differs = ours.activations.findIndex((value, i) => (value !== 0) !== ((activations[i] ?? 0) !== 0));
    expect(differs).toBe(-1);
    expect(apart(ours.activations, activations)).toBeLessThan(tolerance);
    expect(apart(ours.reconstruction, reconstruction)).toBeLessThan(tolerance);

    const folder = await temporaryFolder();
    const about = { modelName: "made-up", site: "blocks.0.hook_resid_post", context: 64, own: {} };
    await writeSaeLens(folder, weights, { d, features, activation, applyBDecToInput, ...about });
    const again = await readSaeLens(folder);
    const same = await run(again.weights, again, rows);
    expect(apart(same.activations, ours.activations)).toBeLessThan(tolerance);
    expect(apart(same.reconstruction, ours.reconstruction)).toBeLessThan(tolerance);
  });
}

async function changed(name: string, config: Record<string, unknown>): Promise<string> {
  const folder = join(await temporaryFolder(), name);
  await cp(join(golden, name), folder, { recursive: true });
  const file = join(folder, "cfg.json");
  const fields = { ...(JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>), ...config };
  await writeFile(file, JSON.stringify(fields));
  return folder;
}

test("what cannot be computed exactly is refused by name", async () => {
  for (const [name, field, value, reason] of [
    ["standard", "architecture", "transcoder", /writes to another site/],
    ["standard", "architecture", "matching_pursuit", /one after the other/],
    ["standard", "architecture", "temporal", /whole sequence/],
    ["standard", "architecture", "abstopk", /negative/],
    ["standard", "architecture", "somebody's", /standard, topk, jumprelu, gated and batchtopk are read|not known/],
    ["standard", "normalize_activations", "layer_norm", /own deviation/],
    ["standard", "normalize_activations", "constant_norm_rescale", /own norm/],
    ["standard", "normalize_activations", "covariance_whitening", /fold_activation_whitening/],
    ["standard", "reshape_activations", "hook_z", /single heads/],
    ["old-standard", "activation_fn_str", "tanh-relu", /only relu/],
    ["old-standard", "hook_name", "blocks.0.attn.hook_z", /no site of ours/],
    ["old-standard", "finetuning_scaling_factor", true, /not read/],
  ] as const) {
    const folder = await changed(name, { [field]: value });
    const error: unknown = await readForeignSaeLens(folder).catch((thrown: unknown) => thrown);
    expect(error, `${field} ${value}`).toMatchObject({
      code: "unsupported",
      file: join(folder, "cfg.json"),
      message: expect.stringMatching(reason),
    });
  }
});

test("what is missing or malformed is named with its file and field", async () => {
  for (const [name, field, value] of [
    ["standard", "d_in", undefined],
    ["standard", "d_sae", 0],
    ["topk", "k", undefined],
    ["topk", "k", "many"],
    ["topk", "k", 41],
    ["standard", "architecture", undefined],
    ["standard", "apply_b_dec_to_input", "yes"],
    ["old-topk", "activation_fn_kwargs", {}],
  ] as const) {
    const folder = await changed(name, { [field]: value });
    const error: unknown = await readForeignSaeLens(folder).catch((thrown: unknown) => thrown);
    expect(error, field).toMatchObject({
      code: "bad_file",
      file: join(folder, "cfg.json"),
      field: field === "activation_fn_kwargs" ? "k" : field,
    });
  }
  const deep = await changed("standard", {});
  const nested = "[".repeat(20_000) + "]".repeat(20_000);
  const text = await readFile(join(deep, "cfg.json"), "utf8");
  await writeFile(join(deep, "cfg.json"), text.replace(/"d_in": ?\d+/, `"d_in": ${nested}`));
  await expect(readForeignSaeLens(deep)).rejects.toMatchObject({ code: "bad_file", field: "d_in" });
  const wide = await changed("standard", { d_sae: 41 });
  await expect(readForeignSaeLens(wide)).rejects.toMatchObject({
    code: "bad_file",
    file: join(wide, "sae_weights.safetensors"),
    field: "b_enc",
  });
  const jump = await changed("standard", { architecture: "jumprelu" });
  await expect(readForeignSaeLens(jump)).rejects.toMatchObject({ code: "bad_file", field: "threshold" });
  const surplus = await changed("jumprelu", { architecture: "standard" });
  await expect(readForeignSaeLens(surplus)).rejects.toMatchObject({ code: "bad_file", field: "threshold" });
  const unscaled = await changed("standard-scaled", {});
  await writeFile(join(unscaled, "activation_scaler.json"), '{"scaling_factor": null}');
  await expect(readForeignSaeLens(unscaled)).rejects.toMatchObject({ code: "bad_file", field: "scaling_factor" });
  await writeFile(join(unscaled, "activation_scaler.json"), `{"scaling_factor": ${nested}}`);
  await expect(readForeignSaeLens(unscaled)).rejects.toMatchObject({ code: "bad_file", field: "scaling_factor" });
  await rm(join(unscaled, "activation_scaler.json"));
  await expect(readForeignSaeLens(unscaled)).rejects.toMatchObject({ code: "unsupported", field: "normalize_activations" });
  const infinite = await changed("standard", {});
  const file = join(infinite, "sae_weights.safetensors");
  const { tensors } = await loadSafetensors(file);
  const bias = new Float32Array(40).fill(Infinity, 3, 4);
  await writeFile(
    file,
    Buffer.concat(encodeSafetensors({ ...Object.fromEntries(tensors), b_enc: { dtype: "F32", shape: [40], data: bias } })),
  );
  await expect(readForeignSaeLens(infinite)).rejects.toMatchObject({
    code: "bad_file",
    field: "b_enc",
    message: expect.stringContaining("Infinity at 3"),
  });
});

test("a hook on a whole block of Transformers is the residual stream after it; log thresholds are exponentiated", async () => {
  const metadata = { sae_lens_version: "6.54.12" };
  const block = await changed("standard", { metadata: { ...metadata, hook_name: "model.layers.7" } });
  expect((await readForeignSaeLens(block)).config.site).toBe("blocks.7.hook_resid_post");
  const nowhere = await changed("standard", { metadata });
  expect((await readForeignSaeLens(nowhere)).config.site).toBeUndefined();
  const logs = await changed("jumprelu", {});
  const file = join(logs, "sae_weights.safetensors");
  const { threshold, ...others } = Object.fromEntries((await loadSafetensors(file)).tensors);
  const log = floats(threshold as LoadedTensor).map((value) => Math.log(Math.max(value, 1e-9)));
  await writeFile(file, Buffer.concat(encodeSafetensors({ ...others, log_threshold: { dtype: "F32", shape: [40], data: log } })));
  const [old, now] = [await readForeignSaeLens(logs), await readForeignSaeLens(join(golden, "jumprelu"))];
  const thresholds = [old, now].map(({ activation }) => (activation.kind === "jumprelu" ? activation.threshold : new Float32Array()));
  expect(apart(thresholds[0] ?? new Float32Array(), thresholds[1] ?? new Float32Array())).toBeLessThan(tolerance);
});

test("folding moves scale and norms between the arrays and changes neither what fires nor x̂", () => {
  const [d, features] = [3, 5];
  const number = fc.double({ min: -2, max: 2, noNaN: true }).map(Math.fround);
  const array = (length: number): fc.Arbitrary<Float32Array> =>
    fc.array(number, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
  const activation = fc.oneof(
    fc.constant({ kind: "relu" as const }),
    fc.constant({ kind: "topk" as const, k: 2 }),
    array(features).map((threshold) => ({ kind: "jumprelu" as const, threshold: threshold.map(Math.abs) })),
  );
  const close = (a: number, b: number): void => expect(Math.abs(a - b)).toBeLessThan(1e-4 * Math.max(1, Math.abs(b)));
  fc.assert(
    fc.property(
      fc.tuple(array(features * d), array(features), array(features * d), array(d), array(d)),
      activation,
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      fc.boolean(),
      ([encoder, encoderBias, decoder, decoderBias, x], act, scale, heeded) => {
        const weights = { encoder, encoderBias, decoder, decoderBias };
        const rescaled = heeded && act.kind !== "relu";
        const folded = fold({ weights, activation: act, scale, rescaled });
        const pre = (w: DictionaryWeights, s: number, i: number): number =>
          x.reduce((sum, value, j) => sum + (value * s - (w.decoderBias[j] ?? 0)) * (w.encoder[i * d + j] ?? 0), w.encoderBias[i] ?? 0);
        for (let i = 0; i < features; i++) {
          const length = Math.hypot(...decoder.subarray(i * d, (i + 1) * d));
          const norm = length / scale < 1e-8 ? 1 : length / scale;
          const gain = folded.activation.kind === "topk" ? (folded.activation.gain?.[i] ?? 1) : 1;
          const p = pre(weights, scale, i);
          close(pre(folded.weights, 1, i) * gain, p * norm);
          for (let j = 0; j < d; j++) close((folded.weights.decoder[i * d + j] ?? 0) * norm * scale, decoder[i * d + j] ?? 0);
          if (act.kind !== "jumprelu" || folded.activation.kind !== "jumprelu") continue;
          const before = rescaled ? (act.threshold[i] ?? 0) / scale : (act.threshold[i] ?? 0) * norm;
          close(folded.activation.threshold[i] ?? 0, before);
        }
        for (let j = 0; j < d; j++) close((folded.weights.decoderBias[j] ?? 0) * scale, decoderBias[j] ?? 0);
      },
    ),
    { numRuns: 300 },
  );
});

test("halves are read as IEEE 754 says", () => {
  expect([0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x3555].map(halfToNumber)).toEqual([
    0,
    -0,
    1,
    -2,
    65504,
    2 ** -24,
    1023 * 2 ** -24,
    2 ** -14,
    0.333251953125,
  ]);
  expect([halfToNumber(0x7c00), halfToNumber(0xfc00), halfToNumber(0x7e00)]).toEqual([Infinity, -Infinity, NaN]);
});
