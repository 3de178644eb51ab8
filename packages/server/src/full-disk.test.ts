import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mountSmallDisk } from "@lexiscope/activations/testing";
import { writeSyntheticAtlas } from "@lexiscope/atlas/testing";
import type { Chat, Chats, Labels } from "@lexiscope/contract";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { pino } from "pino";
import { serve } from "./serve.ts";
import { startTestServer, type TestServer } from "./testing/test-server.ts";

const label = "/api/atlases/small/features/3/label";
const mine: TestServer[] = [];
let disk = mountSmallDisk(24);
const missing = disk === undefined;
disk?.unmount();

beforeEach(async () => {
  disk = mountSmallDisk(24);
  if (!disk) return;
  await mkdir(join(disk.folder, "atlases"));
  await writeSyntheticAtlas({ folder: join(disk.folder, "atlases", "small"), features: 300 });
});
afterEach(async () => {
  for (const { server } of mine.splice(0)) await server.close();
  vi.unstubAllEnvs();
  disk?.unmount();
});

async function start(home: string): Promise<TestServer> {
  const t = await startTestServer({ home });
  mine.push(t);
  return t;
}

it.skipIf(missing)("a full disk: what cannot be kept is said, what was kept stays [needs root to mount a tmpfs]", async () => {
  const { folder } = disk ?? { folder: "" };
  const t = await start(folder);
  const chat = await t.json<Chat>("POST", "/api/chats", { title: "kept", system: "before" });
  await t.json("PUT", label, { name: "kept", note: "" });
  const filler = join(folder, "filler");
  await writeFile(filler, Buffer.alloc(32 * 2 ** 20)).catch(() => undefined);
  const long = "x".repeat(90_000);
  const refused = await t.ask("PATCH", `/api/chats/${chat.id}`, { body: { system: long } });
  const unnamed = await t.ask("PUT", label, { body: { name: "too late", note: "n".repeat(10_000) } });
  const job = await t.ask("POST", "/api/jobs", { body: { kind: "train", store: "none" } });
  for (const answer of [refused, unnamed, job]) {
    expect([answer.status, answer.json().error.code]).toEqual([503, "environment"]);
    expect(answer.json().error.hint).toMatch(/free some space/);
  }
  expect((await t.json<Chat>("GET", `/api/chats/${chat.id}`)).system).toBe("before");
  expect((await t.json<Labels>("GET", "/api/atlases/small/labels")).labels.map(({ name }) => name)).toEqual(["kept"]);
  await rm(filler);
  expect((await t.json<Chat>("PATCH", `/api/chats/${chat.id}`, { system: long })).system).toBe(long);
  await t.json("PUT", label, { name: "again", note: "" });
});

it.skipIf(missing)(
  "a home that may only be read is served, and says so when something is to be kept [needs root to mount a tmpfs]",
  async () => {
    const { folder } = disk ?? { folder: "" };
    const before = await start(folder);
    await before.json("POST", "/api/chats", { title: "kept" });
    await before.json("PUT", label, { name: "kept", note: "" });
    await before.server.close();
    execFileSync("mount", ["-o", "remount,ro", folder]);
    const t = await start(folder);
    expect((await t.ask("GET", "/api/status")).status).toBe(200);
    expect((await t.ask("GET", "/api/atlases/small/features/3")).text).toContain('"kept"');
    expect((await t.json<Chats>("GET", "/api/chats")).chats.map(({ title }) => title)).toEqual(["kept"]);
    for (const [method, path, body] of [
      ["POST", "/api/chats", { title: "new" }],
      ["PUT", label, { name: "new", note: "" }],
      ["POST", "/api/jobs", { kind: "train", store: "none" }],
    ] as const) {
      const answer = await t.ask(method, path, { body });
      expect([path, answer.status, answer.json().error.code]).toEqual([path, 503, "environment"]);
    }
    const elsewhere = serve({ home: join(folder, "new"), entry: "x", port: 0, logger: pino({ enabled: false }) });
    await expect(elsewhere).rejects.toMatchObject({ code: "environment", hint: expect.stringContaining("LEXISCOPE_HOME") as unknown });
  },
);
