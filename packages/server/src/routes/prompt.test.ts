import { promptTokensSchema, type PromptTokens } from "@lexiscope/contract";
import { builtInModel } from "@lexiscope/model";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtInForTests, makeModelHome } from "../models/testing/model-home.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const builtIn = await builtInForTests();
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ home: (await makeModelHome(builtIn.path)).home });
});
afterAll(() => server.close());

async function read(body: Record<string, unknown>): Promise<PromptTokens> {
  const answer = await server.ask("POST", "/api/prompt", { body });
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return promptTokensSchema.parse(answer.json());
}

const textOf = ({ tokens }: PromptTokens): string => tokens.map(({ text }) => text).join("");

it("gives a plain text's tokens, of no role", async () => {
  const found = await read({ model: "tiny", prompt: "hello" });
  expect(textOf(found)).toBe("hello");
  expect(found.tokens.every(({ role, special }) => role === null && !special)).toBe(true);
  expect(found).toMatchObject({ model: "tiny", dropped: 0 });
});

it("refuses what a generation would refuse", async () => {
  const empty = await server.ask("POST", "/api/prompt", { body: { model: "tiny", prompt: "" } });
  expect([empty.status, empty.json()]).toMatchObject([400, { error: { field: "prompt" } }]);
  const long = await server.ask("POST", "/api/prompt", { body: { model: "tiny", prompt: "x".repeat(500) } });
  expect([long.status, long.json()]).toMatchObject([400, { error: { code: "invalid_input", field: "prompt" } }]);
  const stranger = await server.ask("POST", "/api/prompt", { body: { model: "nobody", prompt: "x" } });
  expect(stranger.status).toBe(404);
  const atlas = await server.ask("POST", "/api/prompt", { body: { atlas: "nothing", prompt: "x" } });
  expect(atlas.status).toBe(404);
});

it.skipIf(builtIn.path === undefined)("renders the chat template, and counts as a generation does", async () => {
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Where is Paris?" },
  ];
  const found = await read({ atlas: "small", prompt: { messages } });
  const { tokens } = found;
  expect(found.model).toBe(builtInModel.name);
  expect(textOf(found)).toContain("<|im_start|>user\nWhere is Paris?<|im_end|>");
  expect(tokens[0]).toMatchObject({ text: "<|im_start|>", special: true, role: null });
  const textIn = (role: string): string =>
    tokens
      .filter((token) => token.role === role)
      .map(({ text }) => text)
      .join("");
  expect([textIn("system"), textIn("user"), textIn("assistant")]).toEqual(["Be brief.", "Where is Paris?", ""]);
  const generated = await server.ask("POST", "/api/generate", { body: { prompt: { messages }, variants: [{ edits: [] }], maxTokens: 1 } });
  expect(generated.text).toContain(`"promptTokens":${tokens.length}`);
});

it.skipIf(builtIn.path === undefined)("reads a chat of 1,000 messages that must be shortened within seconds, beside others", async () => {
  const content = "The river runs slowly through old towns and quiet fields, past mills, and on to the wide sea.";
  const messages = Array.from({ length: 999 }, (_, i) => ({ role: i % 2 ? "assistant" : "user", content }));
  await read({ atlas: "small", prompt: "open" });
  const began = performance.now();
  const [found, other] = await Promise.all([read({ atlas: "small", prompt: { messages } }), read({ atlas: "small", prompt: "beside" })]);
  expect(performance.now() - began).toBeLessThan(5000);
  expect(found.dropped).toBeGreaterThan(500);
  expect(found.tokens.length).toBeGreaterThan(7500);
  expect(found.tokens.filter(({ role }) => role !== null).length).toBeGreaterThan(6000);
  expect(textOf(other)).toBe("beside");
});
