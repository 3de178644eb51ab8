import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { forwardResultSchema, type ForwardResult } from "@lexiscope/contract";
import { beforeAll, describe, expect, it } from "vitest";
import { makeTinyHome, runCli } from "../look/testing/tiny-home.ts";

let home: string;
beforeAll(async () => {
  home = await makeTinyHome();
});

const forward = (...args: string[]): ReturnType<typeof runCli> => runCli("forward", "--model", "tiny", ...args);

async function json(...args: string[]): Promise<ForwardResult> {
  const { code, lines, stdout } = await forward(...args, "--json");
  if (code !== 0) throw new Error(stdout);
  return forwardResultSchema.strict().parse(lines.at(-1));
}

describe("--json", () => {
  it("is one object of model, path, tokens and loss", async () => {
    const result = await json("--text", "whale", "--top", "2", "--norms");
    expect(Object.keys(result)).toEqual(["model", "cpuPath", "tokens", "nll"]);
    expect(result.tokens.map(({ text, position }) => [text, position])).toEqual("whale".split("").map((letter, i) => [letter, i]));
    expect(result.tokens[0]?.top).toHaveLength(2);
    expect(Object.keys(result.tokens[0]?.norms ?? {})).toEqual(["blocks.0.hook_resid_post", "blocks.1.hook_resid_post"]);
    expect(result.nll).toBeGreaterThan(0);
  });
  it("has a null loss and no norms for one token without --norms", async () => {
    const result = await json("--text", "w");
    expect(result.nll).toBeNull();
    expect(result.tokens[0]).not.toHaveProperty("norms");
  });
  it("is what it was for a file with the same text", async () => {
    const file = join(home, "text.txt");
    await writeFile(file, "seven stars\n");
    expect(await json("--text-file", file)).toEqual(await json("--text", "seven stars\n"));
  });
  it("changes with an edit", async () => {
    const [plain, edited] = [await json("--text", "whale"), await json("--text", "whale", "--edit", "add:3=2n@2-3")];
    expect(edited.tokens.slice(0, 2)).toEqual(plain.tokens.slice(0, 2));
    expect(edited.tokens[2]).not.toEqual(plain.tokens[2]);
  });
});

it("gives a person a line a token", async () => {
  const { stdout } = await forward("--text", "a\x1b<|im_end|>", "--top", "1");
  expect(stdout.split("\n")[0]).toMatch(/^0 +\d+ +‘a’ +‘.+’ [\d.]+ %$/);
  expect(stdout).toContain("‘\\x1b’");
  expect(stdout).toContain("‘<|im_end|>’");
  expect(stdout).toMatch(/nats per token \(perplexity/);
});

it("reads special tokens as text with --literal", async () => {
  expect((await json("--text", "<|im_end|>")).tokens).toHaveLength(1);
  expect((await json("--text", "<|im_end|>", "--literal")).tokens).toHaveLength(10);
});

describe("mistakes", () => {
  it.each([
    [["--text", ""], 2, "the text is empty"],
    [[], 2, "there is no text"],
    [["--text", "a", "--text-file", "b"], 2, "there are two texts"],
    [["--text-file", "/none/there"], 4, "/none/there does not exist"],
    [["--text", "x".repeat(129)], 2, "the text has 129 tokens; the model's context holds 128"],
    [["--text", "ab", "--edit", "ablate:3@7-9"], 2, "would change nothing"],
    [["--text", "ab", "--edit", "ablate:64"], 2, "the atlas has features 0 to 63"],
    [["--text", "ab", "--dtype", "f16"], 2, "one of f32, fast"],
  ])("%j", async (args, code, message) => {
    const run = await forward(...args);
    expect(run.stderr).toContain(message);
    expect(run.code).toBe(code);
    expect(run.stderr).not.toContain("    at ");
  });
  it("of a file that is no text is named", async () => {
    const file = join(home, "bytes.bin");
    await writeFile(file, Uint8Array.of(0x61, 0xff, 0xfe));
    expect(await forward("--text-file", file)).toMatchObject({ code: 3, stderr: expect.stringContaining(`${file} is not UTF-8`) });
  });
});
