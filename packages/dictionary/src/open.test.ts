import { cp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writeStore, temporaryFolder, writeTinyModel } from "@lexiscope/activations/testing";
import { createRandom, finish } from "@lexiscope/core";
import { openModel } from "@lexiscope/model";
import { withTask } from "@lexiscope/native";
import { floatToBf16 } from "@lexiscope/activations";
import { trainConfig } from "./config.ts";
import { openDictionary } from "./open.ts";
import { readSaeLens } from "./saelens.ts";
import { train } from "./train.ts";

const d = 8;
const features = 24;
let folder: string;
beforeAll(async () => {
  const random = createRandom(1);
  const contexts = Array.from({ length: 10 }, (_, c) => ({
    rows: Float32Array.from({ length: 40 * d }, () => 3 + random.normal()),
    heldOut: c === 0,
  }));
  const store = await writeStore(await temporaryFolder(), { contexts, d, perShard: 5 });
  folder = join(await temporaryFolder(), "out");
  await finish(
    train({ store, out: folder, config: trainConfig("short", { features, k: 2, batch: 64, steps: 30 }, { d, trainRows: 360 }) }),
  );
});

const copy = async (): Promise<string> => {
  const target = join(await temporaryFolder(), "copy");
  await cp(folder, target, { recursive: true });
  return target;
};

test("the folder is SAELens's TopK with unit decoder rows and the scale folded in", async () => {
  const config = JSON.parse(await readFile(join(folder, "cfg.json"), "utf8")) as Record<string, unknown>;
  expect(config).toMatchObject({
    architecture: "topk",
    d_in: d,
    d_sae: features,
    k: 2,
    apply_b_dec_to_input: true,
    normalize_activations: "none",
    rescale_acts_by_decoder_norm: false,
    metadata: { sae_lens_version: "6.49.2", hook_name: "blocks.0.hook_resid_post", model_name: "made-up" },
  });
  const dictionary = await openDictionary(folder);
  for (let i = 0; i < features; i++) expect(Math.hypot(...dictionary.direction(i))).toBeCloseTo(1, 5);
  expect(() => dictionary.direction(features)).toThrow(/features 0 to 23/);
});

test("encode follows SAELens's formula on the weights as they stand in the file", async () => {
  const { weights } = await readSaeLens(folder);
  const { native } = await openDictionary(folder);
  const x = Float32Array.of(1, 2, 3, 4, 5, 2, 1, 0);
  const pre = Array.from({ length: features }, (_, i) =>
    x.reduce(
      (sum, value, j) => sum + (value - (weights.decoderBias[j] ?? 0)) * (weights.encoder[i * d + j] ?? 0),
      weights.encoderBias[i] ?? 0,
    ),
  );
  const expected = pre
    .map((value, i): [number, number] => [i, value])
    .sort((a, b) => b[1] - a[1])
    .slice(0, 2);
  const { indices, values } = await withTask(undefined, (task) => native.encode(floatToBf16(x), task));
  const found = [...indices].map((index, j): [number, number] => [index, values[j] ?? NaN]).sort((a, b) => b[1] - a[1]);
  for (const [j, [index, value]] of expected.entries()) {
    expect(found[j]?.[0]).toBe(index);
    expect(found[j]?.[1]).toBeCloseTo(Math.max(0, value), 3);
  }
});

test("truncated, flipped and missing files are named", async () => {
  for (const break_ of [
    (file: string) => truncate(file, 100),
    async (file: string) => writeFile(file, (await readFile(file)).fill(7, 200, 201)),
    (file: string) => rm(file),
  ]) {
    const broken = await copy();
    const file = join(broken, "sae_weights.safetensors");
    await break_(file);
    await expect(openDictionary(broken)).rejects.toMatchObject({ code: "bad_file", file });
  }
  const edited = await copy();
  const config = join(edited, "cfg.json");
  await writeFile(config, (await readFile(config, "utf8")).replace('"k": 2', '"k": 3'));
  await expect(openDictionary(edited)).rejects.toMatchObject({ code: "bad_file", file: config });
  await expect(openDictionary(await temporaryFolder())).rejects.toMatchObject({ code: "not_found" });
});

test("another site and another model are errors", async () => {
  await expect(openDictionary(folder, { site: "blocks.1.hook_resid_post" })).rejects.toMatchObject({ code: "mismatch", field: "site" });
  const model = await openModel(await writeTinyModel(join(await temporaryFolder(), "tiny")));
  await expect(openDictionary(folder, { model })).rejects.toMatchObject({ code: "mismatch", field: "model" });
});
