import { featureResultSchema, inspectResultSchema, searchResultSchema } from "@lexiscope/contract";
import { beforeAll, describe, expect, it } from "vitest";
import { makeTinyHome, runCli } from "../look/testing/tiny-home.ts";

beforeAll(async () => {
  await makeTinyHome();
});

/** The command's last line of JSON. */
async function json(...args: string[]): Promise<unknown> {
  const { code, lines, stdout } = await runCli(...args, "--json");
  if (code !== 0) throw new Error(stdout);
  return lines.at(-1);
}

/** A feature that fired, found by inspecting a text. */
async function firing(): Promise<{ index: number; activation: number }> {
  const { tokens } = inspectResultSchema.strict().parse(await json("inspect", "the whale swims", "--top", "3"));
  const strongest = tokens[5]?.features[0];
  if (!strongest) throw new Error("no feature fires");
  return strongest;
}

describe("feature", () => {
  it("gives every example with its activations, whose peak is exact", async () => {
    const { index } = await firing();
    const feature = featureResultSchema.strict().parse(await json("feature", `tiny/${index}`, "--model", "tiny"));
    expect(feature).toMatchObject({ atlas: "tiny", index, site: "blocks.0.hook_resid_post" });
    const [first] = feature.examples;
    expect(first?.interval).toBe(-1);
    expect(first?.tokens[first.peak]?.activation).toBeCloseTo(feature.maximum, 4);
    expect(first?.tokens).toHaveLength(64);
    expect(feature.histogram.counts.reduce((a, b) => a + b, 0)).toBe(feature.fired);
    expect(await json("feature", String(index), "--model", "tiny", "--atlas", "tiny")).toEqual(
      await json("feature", String(index), "--model", "tiny"),
    );
  });
  it("reads well without colours", async () => {
    const { index } = await firing();
    const { stdout } = await runCli("feature", String(index), "--model", "tiny", "--examples", "2", "--per-interval", "1");
    for (const part of [`tiny/${index}`, "activations", "output tokens", "neighbours", "strongest", "«"]) expect(stdout).toContain(part);
    expect(stdout).not.toMatch(/\x1b/);
  });
  it.each([
    ["tiny/64", 2, "features 0 to 63"],
    ["none/1", 4, 'there is no atlas "none"'],
    ["whale", 2, "is no feature"],
  ])("refuses %s", async (ref, code, message) => {
    const run = await runCli("feature", ref, "--model", "tiny");
    expect(run.stderr).toContain(message);
    expect(run.code).toBe(code);
  });
});

describe("inspect", () => {
  it("names the strongest features of every token, with the share of their maximum and the error", async () => {
    const { tokens } = inspectResultSchema.strict().parse(await json("inspect", "whale<|im_end|>", "--model", "tiny"));
    expect(tokens.map(({ leftOut }) => leftOut)).toEqual(["position 0", null, null, null, null, "special token"]);
    for (const { error, features, active } of tokens.slice(1, 5)) {
      expect(error).toBeGreaterThanOrEqual(0);
      expect(features.length).toBeLessThanOrEqual(active);
      expect(features.map(({ activation }) => activation)).toEqual(features.map(({ activation }) => activation).sort((a, b) => b - a));
    }
    const { stdout } = await runCli("inspect", "whale", "--model", "tiny");
    expect(stdout).toContain("left out: position 0");
  });
  it("refuses an empty text", async () => {
    expect(await runCli("inspect", "", "--model", "tiny")).toMatchObject({ code: 2, stderr: expect.stringContaining("the text is empty") });
  });
});

describe("search", () => {
  it("finds features by a word, best first, and says so when there is none", async () => {
    const { results } = searchResultSchema.strict().parse(await json("search", "whale", "--limit", "5"));
    expect(results.length).toBeGreaterThan(0);
    expect(results.map(({ score }) => score)).toEqual(results.map(({ score }) => score).sort((a, b) => b - a));
    expect((await runCli("search", "zeppelin")).stdout).toContain('No feature of tiny has "zeppelin"');
    expect(searchResultSchema.parse(await json("search", "zeppelin")).results).toEqual([]);
  });
  it("refuses an empty search", async () => {
    expect(await runCli("search", " ")).toMatchObject({ code: 2, stderr: expect.stringContaining("nothing to search for") });
  });
});
