import { once } from "node:events";
import { get } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { rm } from "node:fs/promises";
import { pino } from "pino";
import { afterEach, expect, it, vi } from "vitest";
import { type RunningServer, serve } from "./serve.ts";
import { askPort, makeHome } from "./testing/test-server.ts";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(import.meta.url);
const logger = pino({ enabled: false });
const running: RunningServer[] = [];
const homes: string[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
  for (const home of homes.splice(0)) await rm(home, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

async function start(options: Partial<Parameters<typeof serve>[0]> = {}): Promise<RunningServer> {
  const home = await makeHome({ atlas: null });
  homes.push(home);
  vi.stubEnv("LEXISCOPE_HOME", home);
  const server = await serve({ home, entry, logger, port: 0, ...options });
  running.push(server);
  return server;
}

it("a port that is taken is an error with a way out; without a port the next free one is found", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  await expect(start({ port })).rejects.toMatchObject({ code: "busy", field: "port", hint: expect.stringContaining("--port") as unknown });
  taken.close();
  const [a, b] = [await start({ port: undefined }), await start({ port: undefined })];
  expect(a.port).not.toBe(b.port);
  expect(a.url).toBe(`http://127.0.0.1:${a.port}`);
});

it("on any other address than loopback a token is made; a weak one is refused", async () => {
  const wide = await start({ host: "0.0.0.0" });
  expect(wide.token).toMatch(/^[\w-]{32}$/);
  expect((await askPort(wide.port, "GET", "/api/status")).status).toBe(401);
  expect((await askPort(wide.port, "GET", "/api/status", { headers: { authorization: `Bearer ${wide.token}` } })).status).toBe(200);
  await expect(start({ host: "0.0.0.0", token: "hunter2" })).rejects.toMatchObject({ code: "invalid_input", field: "token" });
  expect((await start()).token).toBeUndefined();
});

it("an address that is not ours is an error", async () => {
  await expect(start({ host: "203.0.113.7" })).rejects.toMatchObject({ code: "invalid_input", field: "host" });
});

it("a name of a proxy is answered to when it was allowed", async () => {
  const server = await start({ allowedHosts: ["Lab.Example"] });
  expect((await askPort(server.port, "GET", "/api/status", { headers: { host: "lab.example" } })).status).toBe(200);
  expect((await askPort(server.port, "GET", "/api/status", { headers: { host: "other.example" } })).status).toBe(403);
});

it("closing ends streams with a word, and takes nobody any more", async () => {
  const server = await start({ entry: fileURLToPath(new URL("../../jobs/src/testing/child.ts", import.meta.url)) });
  const job = await server.jobs.start({ kind: "train", argv: ["train", "--lines", "100000", "--every", "50"], title: "long" });
  const text = new Promise<string>((resolve, reject) => {
    get({ host: "127.0.0.1", port: server.port, path: `/api/jobs/${job.id}/events`, agent: false }, (response) => {
      let said = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (said === "") void server.close();
        said += chunk;
      });
      response.on("close", () => resolve(said));
    }).on("error", reject);
  });
  expect(await text).toMatch(/event: problem\ndata: \{"error":\{"code":"busy","message":"the server is closing"/);
  await server.close();
  await expect(askPort(server.port, "GET", "/api/status")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  // The job goes on without the server.
  const again = await start();
  expect(job.pid).not.toBeNull();
  process.kill(job.pid ?? 0, 0);
  process.kill(job.pid ?? 0, "SIGKILL");
  await again.close();
});

it("a client that never sends its headers is not waited for, and a thousand that leave cost nothing", async () => {
  const server = await start();
  for (let round = 0; round < 10; round++) {
    const sockets = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = connect(server.port, "127.0.0.1");
        socket.on("error", () => undefined);
        await once(socket, "connect");
        socket.write("GET /api/status HTTP/1.1\r\nHost: local");
        return socket;
      }),
    );
    for (const socket of sockets) socket.destroy();
  }
  expect((await askPort(server.port, "GET", "/api/status")).status).toBe(200);
});
