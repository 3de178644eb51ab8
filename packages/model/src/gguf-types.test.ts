import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ggmlTypes, loadSafetensors, type GgufTensorToWrite, type LoadedTensor } from "@lexiscope/formats";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openModel } from "./open-model.ts";
import { tinyArchitecture, tinyGguf, tinyWeights } from "./tiny-model.fixture.ts";

/** Blocks and the values that the gguf package gives them: scripts/golden/gguf_types.py. */
const goldenFile = new URL("../../../native/transformer/tests/fixtures/gguf_types.safetensors", import.meta.url);
const quantised = "Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS".split(" ");
/** Every matrix's rows hold one super-block or eight small blocks. */
const a = tinyArchitecture({ d: 256, ff: 256, headWidth: 64, layers: 1, positions: { kind: "rope", base: 10_000, width: 64 } });
const weights = tinyWeights(a);

let root = "";
let golden = new Map<string, LoadedTensor>();
/** The golden file's blocks with ordinary scales come first. */
let sound = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lexiscope-"));
  vi.stubEnv("LEXISCOPE_HOME", join(root, "home"));
  const { tensors, metadata } = await loadSafetensors(goldenFile.pathname);
  golden = tensors;
  sound = Number(metadata["sound"]);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

/** Row after row of golden blocks in turn: as blocks, or as their values in f32. */
function fill(tensor: GgufTensorToWrite, type: string, part: "blocks" | "values"): GgufTensorToWrite {
  const { data, shape } = golden.get(`${type}.${part}`) ?? { data: new Uint8Array(), shape: [] };
  const size = data.byteLength / (shape[0] ?? 0);
  const [typeId = -1, { block }] = [...ggmlTypes].find(([, { name }]) => name === type) ?? [undefined, { block: 0 }];
  const count = tensor.ne.reduce((product, n) => product * n, 1) / block;
  const at = (i: number): number => (i + (i >> 5)) % sound;
  const blocks = Array.from({ length: count }, (_, i) => data.subarray(at(i) * size, (at(i) + 1) * size));
  return { ...tensor, typeId: part === "blocks" ? typeId : 0, data: Buffer.concat(blocks) };
}

/** The hash of the weights of a file whose matrices are golden blocks, the types in turn. */
async function weightsHash(types: readonly string[], part: "blocks" | "values"): Promise<string> {
  const path = join(root, `${part}.gguf`);
  const typeOf = (i: number): string => types[i % types.length] ?? "";
  await writeFile(
    path,
    tinyGguf(a, weights, {}, (tensors) => tensors.map((tensor, i) => (tensor.ne.length === 2 ? fill(tensor, typeOf(i), part) : tensor))),
  );
  const model = await openModel(path, { dtype: "f32" });
  return (await model.identity()).weightsHash;
}

test.each([...quantised.map((type) => [type, [type]] as const), ["all of them, mixed", quantised] as const])(
  "a model of %s is the model of its values in F32",
  async (_, types) => {
    expect(await weightsHash(types, "blocks")).toBe(await weightsHash(types, "values"));
  },
);
