import { cp } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import type { FeatureDetail } from "@lexiscope/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeModelHome } from "../models/testing/model-home.ts";
import { makeHome, startTestServer, type TestServer } from "../testing/test-server.ts";

let t: TestServer;
beforeAll(async () => {
  const made = await makeHome();
  const { home } = await makeModelHome();
  await cp(join(made, "atlases", "small"), join(home, "atlases", "small"), { recursive: true });
  t = await startTestServer({ home });
});
afterAll(() => t.close());
const label = "/api/atlases/small/features/9/label";

const long = "x".repeat(5000);
describe("addresses", () => {
  it.each([
    "%2f",
    "..%2f..",
    "a%2fb",
    "%00",
    "a%00b",
    "%ff%fe",
    "%ed%a0%80",
    "%f0%9f%90%88",
    "%0d%0aset-cookie:%20a=b",
    "__proto__",
    "constructor",
    long,
  ])("%s names nothing", async (name) => {
    for (const path of [
      `/api/atlases/${name}`,
      `/api/atlases/${name}/features/1`,
      `/api/atlases/${name}/export?format=csv`,
      `/api/atlases/small/features/${name}`,
      `/api/atlases/small/features/1/examples/${name}`,
      `/api/atlases/small/lists/${name}`,
      `/api/jobs/${name}`,
      `/api/jobs/${name}/events`,
      `/api/runs/${name}/log`,
      `/api/chats/${name}`,
      `/assets/${name}`,
      `/${name}`,
    ]) {
      const answer = await t.ask("GET", path);
      expect([path, [400, 404].includes(answer.status), answer.headers["set-cookie"]]).toEqual([path, true, undefined]);
    }
  });
  it("a name that is longer than any header is refused, and the server goes on", async () => {
    expect((await t.ask("GET", `/api/chats/${"x".repeat(40_000)}`)).status).toBe(431);
    expect((await t.ask("GET", "/api/status")).status).toBe(200);
  });
  it.each(["1e999", "-1e999", "NaN", "-NaN", "Infinity", "0x", "1_000", "", "%20", "1,5", "null", "[]"])(
    "%s is no bound of a filter",
    async (n) => {
      const answer = await t.ask("GET", `/api/atlases/small/features?maximumMin=${n}`);
      expect(answer.status).toBe(400);
      expect(answer.json().error.field).toBe("maximumMin");
    },
  );
  it("−0 is 0", async () => {
    expect((await t.ask("GET", "/api/atlases/small/features?maximumMin=-0&offset=-0")).status).toBe(200);
  });
  it.each(["%20", "1e2", "0x10", "-0", "+1", "1.0", "1%20", "%0a1", "%d9%a3", "99999999", "999999999"])(
    "%s is the number of no feature, and of no example",
    async (n) => {
      for (const path of [`features/${n}`, `features/9/examples/${n}`]) {
        const answer = await t.ask("GET", `/api/atlases/small/${path}`);
        expect([path, answer.status]).toEqual([path, 400]);
      }
    },
  );
});

describe("bodies", () => {
  it.each<[string, string]>([
    ["nested arrays", "[".repeat(100_000) + "]".repeat(100_000)],
    ["arrays without an end", "[".repeat(500_000)],
    ["nested objects", '{"a":'.repeat(50_000) + "1" + "}".repeat(50_000)],
    ["null", "null"],
    ["a number", "1e999"],
    ["nothing", ""],
    ["its own prototype", '{"__proto__":{"title":"x"},"constructor":{"prototype":{}}}'],
    ["a prototype of a label", '{"name":"x","note":"","__proto__":{"polluted":1}}'],
  ])("%s: refused, or taken without what is foreign in it", async (_, body) => {
    for (const [method, path] of [
      ["POST", "/api/chats"],
      ["PUT", label],
      ["POST", "/api/atlases/small/overlay"],
      ["POST", "/api/jobs"],
      ["POST", "/api/generate"],
      ["POST", "/v1/chat/completions"],
    ] as const) {
      const answer = await t.ask(method, path, { body });
      expect([path, answer.status < 500]).toEqual([path, true]);
    }
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect((await t.ask("GET", "/api/chats")).status).toBe(200);
  });

  const many = (n: number, piece: string): string => `[${Array<string>(n).fill(piece).join()}]`;
  const biases = (n: number): string => `{${Array.from({ length: n }, (_, i) => `"x${i}":0`).join()}}`;
  it.each<[string, string, string]>([
    ["parts of a message", `"messages":[{"role":"user","content":${many(500_000, "{}")}}]`, "messages[0].content"],
    ["messages", `"messages":${many(500_000, "{}")}`, "messages"],
    ["biases", `"messages":[{"role":"user","content":"x"}],"logit_bias":${biases(130_000)}`, "logit_bias"],
    ["stops", `"messages":[{"role":"user","content":"x"}],"stop":${many(500_000, "0")}`, "stop"],
    [
      "roles",
      `"messages":[{"role":"user","content":"x"}],"steering":{"edits":[{"feature":1,"op":"ablate","positions":{"roles":${many(500_000, "0")}}}]}`,
      "steering.edits[0].positions.roles",
    ],
    ["fields", `"messages":[{"role":"user","content":"x"}],"steering":${biases(130_000)}`, "steering"],
  ])("%s in the hundred thousands are refused without a word for each", async (_, fields, param) => {
    const begun = performance.now();
    const before = process.memoryUsage().heapUsed;
    const answer = await t.ask("POST", "/v1/chat/completions", { body: `{"model":"tiny",${fields}}` });
    expect(answer.status).toBe(400);
    expect(answer.json().error).toMatchObject({ type: "invalid_request_error", param });
    expect(answer.text.length).toBeLessThan(2000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200e6);
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it.each(["1e999", "-1e999", "-0", "1.5", '"NaN"', "null", "true"])("%s where a whole number belongs", async (value) => {
    const answer = await t.ask("POST", "/api/jobs", { body: `{"kind":"train","store":"none","seed":${value}, "tokens": 1e999}` });
    expect(answer.status).toBe(400);
  });

  const lone = String.raw`\ud83d`;
  it("half of a character in a name or a note is refused", async () => {
    for (const [body, field] of [
      [`{"name":"a${lone}","note":""}`, "name"],
      [`{"name":"a","note":"${lone}b"}`, "note"],
    ] as const) {
      const answer = await t.ask("PUT", label, { body });
      expect([answer.status, answer.json().error.field]).toEqual([400, field]);
    }
    const kept = "🧑‍🚀 🇫🇷 \u202Eabc\u202C";
    await t.json("PUT", label, { name: kept, note: "" });
    expect((await t.json<FeatureDetail>("GET", "/api/atlases/small/features/9")).label?.name).toBe(kept);
  });

  it("half of a character in a conversation, a search, or a text to read breaks nothing", async () => {
    const saved = await t.ask("POST", "/api/chats", { body: `{"title":"${lone}","system":"${lone} x"}` });
    expect(saved.status).toBeLessThan(500);
    expect((await t.ask("GET", "/api/chats")).status).toBe(200);
    expect((await t.ask("GET", "/api/search?q=%ed%a0%bd")).status).toBeLessThan(500);
    for (const [path, body] of [
      ["/api/inspect", `{"model":"tiny","atlas":"tiny","text":"ab ${lone} cd"}`],
      ["/api/inspect", `{"model":"tiny","atlas":"tiny","text":"🧑‍🚀 \\u0000"}`],
      ["/api/generate", `{"model":"tiny","prompt":"ab ${lone}","variants":[{"edits":[]}],"maxTokens":2}`],
      ["/v1/completions", `{"model":"tiny","prompt":"${lone}🧑‍🚀","max_tokens":2}`],
    ] as const) {
      const answer = await t.ask("POST", path, { body });
      expect([path, body, answer.status < 500, /"code":"internal"/.test(answer.text)]).toEqual([path, body, true, false]);
    }
    const after = await t.ask("POST", "/api/inspect", { body: { model: "tiny", atlas: "tiny", text: "still here" } });
    expect(after.status).toBe(200);
  });
});

it("what a file is called cannot end the header it stands in", async () => {
  const path = String.raw`/api/atlases/small/features/1/export?format=json&name=%0d%0aset-cookie:a`;
  const { headers } = await t.ask("GET", path);
  expect(headers["content-disposition"]).toMatch(/^attachment; filename="[\w.-]+"; filename\*=UTF-8''[\w.%-]+$/);
  expect(headers["set-cookie"]).toBeUndefined();
});

it("half a request holds nobody else up", async () => {
  const halves = Array.from({ length: 200 }, (_, i) => {
    const socket = connect(t.server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(
      i % 2 === 0
        ? "GET /api/status HTTP/1.1\r\nHost: local"
        : "POST /api/chats HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
    );
    return socket;
  });
  const begun = performance.now();
  for (let i = 0; i < 20; i++) expect((await t.ask("GET", "/api/atlases")).status).toBe(200);
  expect(performance.now() - begun).toBeLessThan(2000);
  for (const socket of halves) socket.destroy();
});
