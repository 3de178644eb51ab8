import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

let open: TestServer;
beforeAll(async () => {
  open = await startTestServer();
});
afterAll(() => open.close());

describe("names of the server", () => {
  it.each(["127.0.0.1", "localhost", "LOCALHOST:80", "localhost.", "[::1]:4873", "127.0.0.1:9"])("answers to %s", async (host) => {
    expect((await open.ask("GET", "/api/status", { headers: { host } })).status).toBe(200);
  });
  it.each(["evil.example", "evil.example:4873", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.1.7", "localhost@evil.example"])(
    "refuses %s, to which a foreign page may have been rebound",
    async (host) => {
      const answer = await open.ask("GET", "/api/status", { headers: { host } });
      expect(answer.status === 403 ? answer.json().error.code : "unreadable").toMatch(/forbidden|unreadable/);
      expect([400, 403]).toContain(answer.status);
      expect((await open.ask("GET", "/", { headers: { host } })).status).not.toBe(200);
    },
  );
});

describe("requests that other sites make a browser send", () => {
  const body = { title: "x" };
  it.each<[string, Record<string, string>]>([
    ["a foreign origin", { origin: "https://evil.example" }],
    ["a null origin", { origin: "null" }],
    ["another port of this machine", { origin: "http://127.0.0.1:1" }],
    ["a cross-site form", { "sec-fetch-site": "cross-site", "content-type": "text/plain" }],
    ["another site of the same domain", { "sec-fetch-site": "same-site" }],
  ])("%s is refused", async (_, headers) => {
    for (const [method, path] of [
      ["POST", "/api/chats"],
      ["PUT", "/api/atlases/small/features/1/label"],
      ["DELETE", "/api/chats/x"],
      ["POST", "/sign-out"],
    ] as const) {
      const answer = await open.ask(method, path, { headers, body });
      expect([method, path, answer.status]).toEqual([method, path, 403]);
      expect(answer.json().error.code).toBe("forbidden");
    }
    expect((await open.json<{ chats: unknown[] }>("GET", "/api/chats")).chats).toEqual([]);
  });
  it("its own page and programs may", async () => {
    const origin = open.server.url;
    const mine = await open.ask("POST", "/api/chats", {
      headers: { origin, host: new URL(origin).host, "sec-fetch-site": "same-origin" },
      body,
    });
    expect(mine.status).toBe(201);
    const program = await open.ask("POST", "/api/chats", { body });
    expect(program.status).toBe(201);
    for (const { text } of [mine, program]) await open.json("DELETE", `/api/chats/${(JSON.parse(text) as { id: string }).id}`);
  });
});

it("every answer carries the headers that keep other sites out, and none that let them in", async () => {
  for (const path of ["/", "/api/status", "/api/nothing", "/sign-in", "/openapi.json"]) {
    const { headers } = await open.ask("GET", path, { headers: { origin: "https://evil.example" } });
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers["content-security-policy"]).not.toMatch(/script-src[^;]*unsafe/);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
    });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});

describe("bodies", () => {
  it("100 MB announced are refused before they are sent", async () => {
    const status = await new Promise((resolve, reject) => {
      const asked = request(
        {
          port: open.server.port,
          host: "127.0.0.1",
          method: "POST",
          path: "/api/chats",
          headers: { "content-type": "application/json", "content-length": 1e8 },
        },
        (response) => {
          resolve(response.statusCode);
          asked.destroy();
        },
      );
      asked.on("error", reject);
      asked.flushHeaders();
    });
    expect(status).toBe(413);
  });
  it("100 MB that come without a length are cut off early, and fill no memory", async () => {
    const before = process.memoryUsage().rss;
    const piece = Buffer.alloc(1 << 20, "a");
    let sent = 0;
    const answer = await new Promise<string>((resolve) => {
      let said = "";
      const socket = connect(open.server.port, "127.0.0.1", () => {
        socket.write(`POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
        push();
      });
      const push = (): void => {
        if (socket.destroyed || said !== "" || sent >= 100) return;
        sent++;
        socket.write(`${piece.length.toString(16)}\r\n`);
        socket.write(piece);
        if (socket.write("\r\n")) setImmediate(push);
        else socket.once("drain", push);
      };
      socket.on("data", (chunk: Buffer) => {
        said += chunk.toString("latin1");
        socket.destroy();
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(said));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(sent).toBeLessThan(100);
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  });
  it("what is no JSON, or of another type, is refused by name", async () => {
    const malformed = await open.ask("POST", "/api/chats", { body: "{ not json" });
    expect([malformed.status, malformed.json().error.code]).toEqual([400, "invalid_input"]);
    const text = await open.ask("POST", "/api/chats", { body: "{}", headers: { "content-type": "text/plain" } });
    expect(text.status).toBe(415);
    const field = await open.ask("POST", "/api/chats", { body: { title: 7 } });
    expect(field.status).toBe(400);
    expect(field.json().error).toMatchObject({ code: "invalid_input", field: "title" });
    expect((await open.ask("POST", "/api/chats", { body: { unheardOf: true } })).status).toBe(400);
  });
});

it.each([
  "/../../../etc/passwd",
  "/assets/../../package.json",
  "/assets/%2e%2e/%2e%2e/package.json",
  "/..%5c..%5cetc",
  "/%00",
  "/api/atlases/..%2f..%2fetc/features",
  "/api/atlases/%2e%2e",
  "/api/atlases/.hidden",
  "/api/jobs/..%2f..%2fetc",
  "/api/runs/%2e%2e/log",
  "/api/chats/..%2f..",
  "/%zz",
  "/api/atlases/%zz/features",
])("no path leads out: %s", async (path) => {
  const { status, text } = await open.ask("GET", path);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(text).not.toContain("root:");
});

it("a wrong method is told which are right", async () => {
  const answer = await open.ask("PATCH", "/api/atlases");
  expect([answer.status, answer.headers.allow]).toEqual([405, "GET, HEAD"]);
});
