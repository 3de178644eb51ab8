import { openDictionary } from "@lexiscope/dictionary";
import { beforeAll, expect, it } from "vitest";
import { makeTinyHome, runCli } from "../look/testing/tiny-home.ts";

beforeAll(async () => {
  await makeTinyHome();
});

const tiny = ["--store", "tiny", "--no-loss", "--no-baselines", "--features", "64", "--k", "4"];

async function configOf(name: string, ...args: string[]): Promise<{ config: unknown; stderr: string }> {
  const { code, stdout, stderr } = await runCli("train", ...tiny, "--dictionary", name, ...args);
  if (code !== 0) throw new Error(stdout + stderr);
  const { manifest } = await openDictionary(name);
  return { config: manifest.config, stderr };
}

it("passes the schedule, the scale and the dead window on", async () => {
  const { config } = await configOf("own", "--steps", "3", "--batch", "64", "--decay", "0.5", "--normalise", "none", "--dead-after", "1k");
  expect(config).toMatchObject({ steps: 3, batch: 64, decayShare: 0.5, normalise: "none", deadAfter: 1000 });
});

it("takes the short preset for a small run that names none, and says so", async () => {
  const { config, stderr } = await configOf("small", "--tokens", "4096");
  expect(config).toMatchObject({ batch: 1024, steps: 4, learningRate: 2e-3 });
  expect(stderr).toContain("training with --preset short");
});

it("leaves a preset that is named as it is", async () => {
  const { config, stderr } = await configOf("named", "--tokens", "4096", "--preset", "default");
  expect(config).toMatchObject({ batch: 4096, steps: 1, encoderScale: 1 });
  expect(stderr).not.toContain("--preset");
});

it.each([
  ["--decay", "1.5"],
  ["--normalise", "l2"],
  ["--dead-after", "0"],
  ["--screen", "4bit"],
])("refuses %s %s", async (option, value) => {
  const { code, stderr } = await runCli("train", ...tiny, "--dictionary", "never", option, value);
  expect(code).toBe(2);
  expect(stderr).toContain(option);
});
