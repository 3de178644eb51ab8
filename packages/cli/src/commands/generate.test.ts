import { generationEventSchema, generationResultSchema, type GenerationResult } from "@lexiscope/contract";
import { beforeAll, describe, expect, it } from "vitest";
import { makeTinyHome, runCli } from "../look/testing/tiny-home.ts";

beforeAll(async () => {
  await makeTinyHome();
});

const generate = (...args: string[]): ReturnType<typeof runCli> =>
  runCli("generate", "--model", "tiny", "--dtype", "f32", "--repetition-penalty", "10", "--max-tokens", "12", ...args);

async function json(...args: string[]): Promise<{ result: GenerationResult; events: ReturnType<typeof generationEventSchema.parse>[] }> {
  const { code, lines, stdout } = await generate(...args, "--json");
  if (code !== 0) throw new Error(stdout);
  const events = lines.slice(0, -1).filter((line) => (line as { type: string }).type !== "progress");
  return { result: generationResultSchema.strict().parse(lines.at(-1)), events: events.map((event) => generationEventSchema.parse(event)) };
}

describe("--json", () => {
  it("gives events, then a result that is their sum", async () => {
    const { result, events } = await json("seven stars");
    expect(events[0]).toEqual({ type: "start", promptTokens: 11, dropped: 0 });
    expect(events.at(-1)?.type).toBe("end");
    const tokens = events.flatMap((event) => (event.type === "token" ? [event] : []));
    expect(result).toMatchObject({ model: "tiny", atlas: null, promptTokens: 11, dropped: 0, warnings: [] });
    expect(result.variants).toMatchObject([{ edits: [], text: tokens.map(({ text }) => text).join(""), tokens: tokens.length }]);
  });
  it("gives the plain and the edited answer with --beside, the plain one as without", async () => {
    const { result } = await json("seven stars", "--edit", "add:3=2n", "--edit", "ablate:4@prompt", "--beside");
    expect(result.atlas).toBe("tiny");
    expect(result.variants.map(({ edits }) => edits.map(({ op, feature, unit }) => [op, feature, unit]))).toEqual([
      [],
      [
        ["add", 3, "norm"],
        ["ablate", 4, "activation"],
      ],
    ]);
    expect(result.variants[0]).toEqual((await json("seven stars")).result.variants[0]);
    expect(result.variants[1]?.text).not.toBe(result.variants[0]?.text);
  });
  it("gives the same for the same seed", async () => {
    const draw = (seed: string): ReturnType<typeof json> => json("seven stars", "--temperature", "2", "--top-p", "0.9", "--seed", seed);
    expect((await draw("1")).result).toEqual((await draw("1")).result);
    expect((await draw("1")).result.variants[0]?.text).not.toBe((await draw("2")).result.variants[0]?.text);
  });
});

it("streams the text alone to stdout, remarks to stderr", async () => {
  const { result } = await json("seven stars", "--max-tokens", "2");
  const { stdout, stderr } = await generate("seven stars", "--max-tokens", "2");
  expect(stdout.endsWith("\n")).toBe(true);
  expect(stdout.replaceAll(/\\x[0-9a-f]{2}/g, "")).toBe(`${result.variants[0]?.text.replaceAll(/(?![\n\t])\p{Cc}/gu, "")}\n`);
  expect(stderr).toContain("ended after 2 tokens");
});

it("labels two answers", async () => {
  const { stdout } = await generate("seven stars", "--edit", "add:3=2n", "--beside");
  expect(stdout).toMatch(/^plain\n[^]*\n\nadd:3=2n\n/);
});

describe("mistakes", () => {
  it.each([
    [[""], 2, "the prompt is empty"],
    [["x".repeat(129)], 2, "the prompt has 129 tokens; the model's context holds 128"],
    [["hi", "--beside"], 2, "there is no edit"],
    [["hi", "--edit", "clamp:3"], 2, "clamp needs a value"],
    [["hi", "--edit", "clamp:3=1x", "--atlas", "none"], 4, 'there is no atlas "none"'],
    [["hi", "--edit", "clamp:3=1", "--edit", "ablate:3"], 2, "both set feature 3"],
    [["hi", "--top-p", "2"], 2, "--top-p"],
    [["hi", "--stop", ""], 2, "stop must be texts that are not empty"],
  ])("%j", async (args, code, message) => {
    const run = await generate(...args);
    expect(run.stderr).toContain(message);
    expect(run.code).toBe(code);
  });
  it("with --json come as the last line", async () => {
    expect((await generate("hi", "--edit", "clamp:3", "--json")).lines.at(-1)).toMatchObject({
      type: "error",
      code: "invalid_input",
      field: "edit",
    });
  });
});
