import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type GenerateEvent, generateEventSchema, inspectResponseSchema, modelsSchema, type ModelEntry } from "@lexiscope/contract";
import { builtInModel } from "@lexiscope/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtInForTests, makeModelHome } from "../models/testing/model-home.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const builtIn = await builtInForTests();
const model = builtInModel.name;
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ home: (await makeModelHome(builtIn.path)).home });
});
afterAll(() => server.close());

/** Events of a stream, each as the contract has it. */
function eventsIn(text: string): GenerateEvent[] {
  return text
    .split("\n\n")
    .filter((part) => part.startsWith("data: "))
    .map((part) => generateEventSchema.parse(JSON.parse(part.slice(6))));
}

async function generate(body: Record<string, unknown>): Promise<GenerateEvent[]> {
  const answer = await server.ask("POST", "/api/generate", { body });
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  expect(answer.headers["content-type"]).toContain("text/event-stream");
  return eventsIn(answer.text);
}

function textOf(events: readonly GenerateEvent[], variant = 0): string {
  return events.map((event) => (event.type === "token" && event.variant === variant ? event.text : "")).join("");
}

async function entry(id: string): Promise<ModelEntry | undefined> {
  return modelsSchema.parse(await server.json("GET", "/api/models")).models.find((found) => found.id === id);
}

/** Begins a request and gives the connection, so that it can be cut. */
function begin(body: Record<string, unknown>): { asked: ClientRequest; response: Promise<IncomingMessage> } {
  const { promise: response, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const payload = Buffer.from(JSON.stringify(body));
  const asked = request({
    host: "127.0.0.1",
    port: server.server.port,
    method: "POST",
    path: "/api/generate",
    headers: { "content-type": "application/json", "content-length": payload.length },
    agent: false,
  });
  asked.on("response", resolve).on("error", reject);
  response.catch(() => {});
  asked.end(payload);
  return { asked, response };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await condition()) return;
    await sleep(20);
  }
  throw new Error("it never came true");
}

const tiny = { model: "tiny", prompt: "hello", variants: [{ edits: [] }], maxTokens: 8 };
const edits = [{ op: "add", feature: 3, value: 4, unit: "norm", positions: "all" }];

describe("a tiny model", () => {
  it("is opened by name", async () => {
    expect(await entry("tiny")).toMatchObject({ state: "closed", running: 0 });
    expect(await server.json("POST", "/api/models/tiny/open")).toMatchObject({ id: "tiny", state: "open", context: 128, chat: true });
    expect(await server.json("GET", "/api/status")).toMatchObject({ cpu: { path: expect.any(String) } });
    const answer = await server.ask("POST", "/api/models/..%2F..%2Fetc/open");
    expect(answer.status).toBe(404);
    expect(answer.json()).toMatchObject({ error: { code: "not_found", field: "model" } });
  });

  it("streams plain beside edited, then what changed, then the figures", async () => {
    const events = await generate({ ...tiny, atlas: "tiny", variants: [{ edits: [] }, { edits }], changes: 3 });
    expect(events[0]).toEqual({ type: "queued", position: 0 });
    expect(events[1]).toMatchObject({ type: "start", promptTokens: 5, dropped: 0 });
    expect(events.filter(({ type }) => type === "end")).toHaveLength(2);
    expect(events.at(-2)).toMatchObject({ type: "changes", variant: 1 });
    expect(events.at(-1)).toMatchObject({ type: "done", tokens: 16, firstTokenMs: expect.any(Number) });
    expect(textOf(events, 1)).not.toBe(textOf(events, 0));
    expect(textOf(events, 0)).toBe(textOf(await generate(tiny)));
  });

  it("gives each variant its own side of the conversation", async () => {
    const side = (content: string): Record<string, unknown> => ({
      messages: [
        { role: "user", content: "hi" },
        { role: "assistant", content },
        { role: "user", content: "go on" },
      ],
    });
    const alone = await Promise.all(["one", "another"].map((content) => generate({ ...tiny, prompt: side(content) })));
    const both = await generate({
      ...tiny,
      variants: [
        { edits: [], prompt: side("one") },
        { edits: [], prompt: side("another") },
      ],
    });
    expect([textOf(both, 0), textOf(both, 1)]).toEqual(alone.map((events) => textOf(events)));
  });

  it("draws each variant from its own seed", async () => {
    const drawn = { ...tiny, temperature: 1 };
    const both = await generate({
      ...drawn,
      variants: [
        { edits: [], seed: 5 },
        { edits: [], seed: 6 },
      ],
    });
    expect(textOf(both, 0)).toBe(textOf(await generate({ ...drawn, seed: 5 })));
    expect(textOf(both, 1)).toBe(textOf(await generate({ ...drawn, seed: 6 })));
  });

  it("uses the model that the atlas was made for", async () => {
    const { model: _, ...unnamed } = tiny;
    expect(textOf(await generate({ ...unnamed, atlas: "tiny" }))).toBe(textOf(await generate(tiny)));
  });

  it.each<[string, Record<string, unknown>, number, string, string]>([
    ["a model that there is not", { model: "none" }, 404, "not_found", "model"],
    ["an atlas that there is not", { atlas: "none" }, 404, "not_found", "atlas"],
    ["edits without an atlas", { variants: [{ edits }] }, 400, "invalid_input", "atlas"],
    ["a feature that there is not", { atlas: "tiny", variants: [{ edits: [{ ...edits[0], feature: 64 }] }] }, 400, "invalid_input", "edit"],
    ["a text that does not fit", { prompt: "x".repeat(200) }, 400, "invalid_input", "prompt"],
    ["no variants", { variants: [] }, 400, "invalid_input", "variants"],
    ["a field that is not known", { top_k: 3 }, 400, "invalid_input", "body"],
  ])("refuses %s by status, before the stream", async (_, change, status, code, field) => {
    const answer = await server.ask("POST", "/api/generate", { body: { ...tiny, ...change } });
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ error: { code, field } });
  });

  it.each(["/api/generate", "/api/inspect"])("refuses what is no JSON at %s", async (path) => {
    for (const headers of [{ "content-type": "text/plain" }, { "content-type": "application/json" }]) {
      const answer = await server.ask("POST", path, { body: "hello", headers });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    }
  });

  it("inspects with pinned features and people's own names", async () => {
    await server.json("PUT", "/api/atlases/tiny/features/3/label", { name: "my feature", note: "" });
    const found = inspectResponseSchema.parse(
      await server.json("POST", "/api/inspect", { atlas: "tiny", text: "hello there", top: 3, pinned: [3, 3, 60] }),
    );
    expect(found).toMatchObject({ model: "tiny", atlas: "tiny", warnings: [] });
    expect(found.pinned.map(({ index }) => index)).toEqual([3, 60]);
    expect(found.names["3"]).toMatchObject({ name: "my feature" });
    for (const { features } of found.tokens) for (const { index } of features) expect(found.names[index]).toBeDefined();
    expect(found.milliseconds).toBeGreaterThan(0);
  });

  it.each<[string, Record<string, unknown>, number, string, string]>([
    ["an atlas that there is not", { atlas: "none" }, 404, "not_found", "atlas"],
    ["a pinned feature that there is not", { pinned: [64] }, 404, "not_found", "pinned"],
    ["a text that does not fit", { text: "x".repeat(200) }, 400, "invalid_input", "text"],
    ["an empty text", { text: "" }, 400, "invalid_input", "text"],
  ])("refuses to inspect %s", async (_, change, status, code, field) => {
    const answer = await server.ask("POST", "/api/inspect", { body: { atlas: "tiny", text: "hello", ...change } });
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ error: { code, field } });
  });
});

describe.skipIf(builtIn.skipped !== undefined)(`the built-in model${builtIn.skipped ? ` (${builtIn.skipped})` : ""}`, () => {
  const long = { model, prompt: "Once upon a time", variants: [{ edits: [] }], maxTokens: 4000 };
  const short = { model, prompt: "The capital of France is", variants: [{ edits: [] }], maxTokens: 6 };

  it("refuses an atlas of another model", async () => {
    const answer = await server.ask("POST", "/api/inspect", { body: { atlas: "tiny", model, text: "hello" } });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: "mismatch" } });
  });

  it("answers sixteen at once, one after the other, and counts each place down", { timeout: 120_000 }, async () => {
    const all = await Promise.all(Array.from({ length: 16 }, () => generate(short)));
    const starts = all.map((events) => events.flatMap((event) => (event.type === "queued" ? [event.position] : [])));
    for (const [i, positions] of starts.entries()) {
      expect(positions.at(-1)).toBe(0);
      expect(positions).toEqual(Array.from({ length: positions.length }, (_, at) => positions.length - 1 - at));
      expect(textOf(all[i] ?? [])).toBe(textOf(all[0] ?? []));
    }
    expect(Math.max(...starts.map(([first = 0]) => first))).toBe(15);
  });

  it("stops for a client that leaves, and says so to nobody", async () => {
    const first = begin(long);
    const response = await first.response;
    for await (const chunk of response) if (String(chunk).includes('"token"')) break;
    first.asked.destroy();
    const left = performance.now();
    await until(async () => (await entry(model))?.running === 0);
    expect(performance.now() - left).toBeLessThan(1000);
    expect(textOf(await generate(short))).toContain("Paris");
  });

  it("bears two hundred that leave at every moment", { timeout: 120_000 }, async () => {
    const handles = (): number => process.getActiveResourcesInfo().filter((kind) => kind !== "Timeout").length;
    const before = handles();
    for (let i = 0; i < 200; i++) {
      const { asked, response } = begin({ ...long, variants: [{ edits: [] }, { edits: [] }] });
      asked.on("error", () => {});
      if (i % 4 === 0) await sleep(1);
      else if (i % 4 === 1) await sleep(15);
      else if (i % 4 === 2) await response;
      else for await (const chunk of await response) if (String(chunk).includes('"start"')) break;
      asked.destroy();
    }
    await until(async () => {
      const found = await entry(model);
      return found?.running === 0 && found.waiting === 0;
    });
    expect(textOf(await generate(short))).toContain("Paris");
    await sleep(200);
    expect(handles()).toBeLessThan(before + 10);
    expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  it("ends a stream with an error when the model's process is killed, and goes on with those that wait", async () => {
    const first = server.ask("POST", "/api/generate", { body: long });
    await until(async () => (await entry(model))?.running === 1);
    await sleep(300);
    const second = generate(short);
    await until(async () => (await entry(model))?.waiting === 1);
    process.kill(server.server.models.pids().get(model) ?? 0, "SIGKILL");
    const events = eventsIn((await first).text);
    expect(events.at(-1)).toMatchObject({ type: "error", error: { code: "internal", message: expect.stringContaining("signal SIGKILL") } });
    expect(textOf(await second)).toContain("Paris");
    expect(await entry(model)).toMatchObject({ state: "open", error: null });
  });

  it("inspects while a long answer is written", async () => {
    const first = begin(long);
    for await (const chunk of await first.response) if (String(chunk).includes('"token"')) break;
    const other = begin(long); // the first one has left; this one runs
    await other.response;
    const found = inspectResponseSchema.parse(
      await server.json("POST", "/api/inspect", { atlas: "small", text: "The tower stands in Paris." }),
    );
    expect(found.tokens.map(({ text }) => text).join("")).toBe("The tower stands in Paris.");
    expect(await entry(model)).toMatchObject({ running: 1 });
    other.asked.destroy();
  });

  it("says to those who wait that the server closes, and leaves no process behind", async () => {
    const own = await startTestServer({ home: server.home });
    const has = (running: number, waiting: number): Promise<void> =>
      until(async () => {
        const { models } = modelsSchema.parse(await own.json("GET", "/api/models"));
        return models.some((e) => e.id === model && e.state === "open" && e.running === running && e.waiting === waiting);
      });
    // One after the other: of two sent at once either may be the one that runs.
    const answers = [own.ask("POST", "/api/generate", { body: long })];
    await has(1, 0);
    answers.push(own.ask("POST", "/api/generate", { body: short }));
    await has(1, 1);
    await sleep(200);
    const pid = own.server.models.pids().get(model) ?? 0;
    await own.server.close();
    for (const answer of answers) expect(eventsIn((await answer).text).at(-1)).toMatchObject({ type: "error", error: { code: "busy" } });
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });
});
