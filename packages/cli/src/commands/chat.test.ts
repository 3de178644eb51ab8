import { generationResultSchema } from "@lexiscope/contract";
import { beforeAll, expect, it } from "vitest";
import { makeTinyHome, runCli } from "../look/testing/tiny-home.ts";

beforeAll(async () => {
  await makeTinyHome();
});

const chat = (...args: string[]): ReturnType<typeof runCli> =>
  runCli("chat", "--model", "tiny", "--dtype", "f32", "--max-tokens", "5", ...args);

it("answers one message, as an argument or an option, through the template", async () => {
  const { lines } = await chat("Hi", "--json");
  const result = generationResultSchema.strict().parse(lines.at(-1));
  expect(result.promptTokens).toBe("u user\nHi e\nu assistant\n".replaceAll(" ", "").length);
  expect((await chat("--message", "Hi", "--json")).lines.at(-1)).toEqual(result);
  expect(generationResultSchema.parse((await chat("Hi", "--system", "Be brief.", "--json")).lines.at(-1)).promptTokens).toBeGreaterThan(
    result.promptTokens,
  );
});

it("prints the plain and the edited answer together", async () => {
  const { stdout } = await chat("Hi", "--edit", "add:3=2n", "--beside");
  expect(stdout).toMatch(/^plain\n[^]*\nadd:3=2n\n/);
});

it("refuses two messages, and one that the context cannot hold", async () => {
  expect(await chat("Hi", "--message", "Ho")).toMatchObject({ code: 2, stderr: expect.stringContaining("there are two messages") });
  expect(await chat("x".repeat(130))).toMatchObject({ code: 2, stderr: expect.stringContaining("the model's context holds 128") });
});
