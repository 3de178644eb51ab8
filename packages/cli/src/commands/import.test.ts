import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@lexiscope/activations/testing";
import { createRandom, shelf } from "@lexiscope/core";
import { openDictionary, writeSaeLens } from "@lexiscope/dictionary";
import { beforeAll, expect, it } from "vitest";
import { makeTinyHome, runCli } from "../look/testing/tiny-home.ts";

const features = 48;
let theirs: string;
beforeAll(async () => {
  await makeTinyHome();
  const { manifest, direction } = await openDictionary("tiny");
  const { d } = manifest;
  const random = createRandom(5);
  const decoder = Float32Array.from({ length: features * d }, (_, at) => (direction(Math.floor(at / d))[at % d] ?? 0) * (1 + (at % 3)));
  theirs = join(await temporaryFolder(), "their-sae");
  await mkdir(theirs);
  await writeSaeLens(
    theirs,
    {
      encoder: decoder.map((value) => value * 0.3),
      encoderBias: Float32Array.from({ length: features }, () => 0.05 * random.normal()),
      decoder,
      decoderBias: new Float32Array(d),
    },
    {
      d,
      features,
      activation: { kind: "jumprelu", threshold: new Float32Array(features).fill(0.05) },
      applyBDecToInput: false,
      modelName: "somebody/tiny",
      site: "blocks.1.hook_resid_pre", // the stream after block 0, by its other name
      context: 64,
      own: {},
    },
  );
});

it("takes in a folder of SAELens, which then indexes, inspects and steers like any other", async () => {
  const taken = await runCli("import", theirs, "--store", "tiny", "--model", "tiny", "--json");
  expect(taken).toMatchObject({ code: 0 });
  expect(taken.lines.at(-1)).toMatchObject({
    site: "blocks.0.hook_resid_post",
    features,
    metrics: { deltaCe: expect.any(Number) as number },
  });
  const { manifest, direction } = await openDictionary("their-sae");
  expect(manifest).toMatchObject({
    config: null,
    imported: {
      folder: "their-sae",
      architecture: "jumprelu",
      activation: "jumprelu",
      k: null,
      model: "somebody/tiny",
      folded: ["decoder norms"],
    },
  });
  expect(manifest.imported?.files.map(({ file }) => file)).toEqual(["cfg.json", "sae_weights.safetensors"]);
  expect(Math.hypot(...direction(0))).toBeCloseTo(1, 5);
  expect(await readdir(shelf("dictionaries"))).toEqual(["their-sae", "tiny"]);

  const indexed = await runCli("index", "--dictionary", "their-sae", "--store", "tiny", "--model", "tiny");
  expect(indexed).toMatchObject({ code: 0 });
  const inspected = await runCli("inspect", "the whale", "--atlas", "their-sae", "--json");
  const { tokens } = inspected.lines.at(-1) as { tokens: { active: number; features: { index: number; activation: number }[] }[] };
  const [strongest] = tokens.at(-1)?.features ?? [];
  expect(strongest?.activation).toBeGreaterThan(0);
  const steered = await runCli(
    "generate",
    "the whale",
    "--atlas",
    "their-sae",
    "--edit",
    `clamp:${strongest?.index}=2x`,
    "--max-tokens",
    "3",
    "--json",
  );
  expect(steered.stderr + steered.stdout).not.toContain("error");
  expect(steered.code).toBe(0);
  expect((await runCli("list")).stdout).toMatch(/their-sae.*48 features, jumprelu/);
}, 60_000);

it("says what is in the way", async () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await runCli("import", ...args, "--store", "tiny", "--no-loss");
    expect(code).not.toBe(0);
    return stderr;
  };
  expect(await refused(theirs)).toMatch(/is a dictionary already[\s\S]*another name/);
  expect(await refused(await temporaryFolder(), "--dictionary", "empty")).toContain("cfg.json does not exist");
  const elsewhere = join(await temporaryFolder(), "elsewhere");
  await cp(theirs, elsewhere, { recursive: true });
  const file = join(elsewhere, "cfg.json");
  const config = await readFile(file, "utf8");
  await writeFile(file, config.replace("blocks.1.hook_resid_pre", "blocks.1.hook_mlp_out"));
  expect(await refused(elsewhere)).toMatch(/reads blocks.1.hook_mlp_out[\s\S]*lexiscope harvest --site blocks.1.hook_mlp_out/);
  await writeFile(file, config.replace('"hook_name"', '"no_name"'));
  expect(await refused(elsewhere)).toMatch(/hook_name is missing[\s\S]*--site/);
  await writeFile(file, config.replace(/"d_in": \d+/, '"d_in": 7'));
  expect(await refused(elsewhere)).toContain("sae_weights.safetensors");
  expect(await readdir(shelf("dictionaries"))).toEqual(["their-sae", "tiny"]);
  const { code, stderr } = await runCli("index", "--dictionary", theirs, "--store", "tiny", "--model", "tiny");
  expect(code).toBe(4);
  expect(stderr).toMatch(/dictionary of SAELens that is not taken in yet[\s\S]*lexiscope import/);
});
