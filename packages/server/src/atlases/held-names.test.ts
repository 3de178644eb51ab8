import { copyFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { AtlasDetail, Chats, FeatureDetail, FeatureList, Label, Labels, SearchResponse } from "@lexiscope/contract";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

let t: TestServer;
let file: string;
const atlas = "/api/atlases/small";
beforeAll(async () => {
  t = await startTestServer();
  file = join(t.home, "atlases", "small.labels.sqlite");
  await t.json("PUT", `${atlas}/features/3/label`, { name: "Zeppelins", note: "" });
  await t.json("POST", "/api/chats", { title: "kept" });
});
afterAll(() => t.close());

/** Does `work` while another connection holds the file against readers and writers; then gives it back. */
async function held<T>(path: string, work: (release: () => void) => Promise<T>): Promise<T> {
  const other = new Database(path);
  const release = (): void => {
    if (other.open) other.close();
  };
  try {
    other.exec("BEGIN EXCLUSIVE");
    return await work(release);
  } finally {
    release();
  }
}

/** What `work` gives, and the longest time for which the server did nothing else meanwhile, ms. */
async function watched<T>(work: () => Promise<T>): Promise<[T, number]> {
  let [last, longest] = [performance.now(), 0];
  const watch = setInterval(() => {
    const now = performance.now();
    [last, longest] = [now, Math.max(longest, now - last)];
  }, 5);
  try {
    return [await work(), Math.max(longest, performance.now() - last)];
  } finally {
    clearInterval(watch);
  }
}

it("while another process holds the names, features are shown without them and others are served", async () => {
  const [, stall] = await watched(() =>
    held(file, async () => {
      const [detail, list, search, entry] = await Promise.all([
        t.json<FeatureDetail>("GET", `${atlas}/features/3`),
        t.json<FeatureList>("GET", `${atlas}/features?sort=index&order=ascending`),
        t.json<SearchResponse>("GET", "/api/search?q=zeppelins"),
        t.json<AtlasDetail>("GET", atlas),
        t.json("GET", "/api/status"),
      ]);
      expect([detail.label, detail.index, list.items[3]?.name, list.total]).toEqual([null, 3, null, 300]);
      expect([search.results.filter(({ where }) => where.includes("name")), entry.id]).toEqual([[], "small"]);
    }),
  );
  expect(stall).toBeLessThan(1500);
  expect((await t.json<FeatureDetail>("GET", `${atlas}/features/3`)).label?.name).toBe("Zeppelins");
});

it("what needs the names, and what writes, waits until they are free", async () => {
  const [[labels, named, written, exported], stall] = await watched(() =>
    held(file, async (release) => {
      const asked = Promise.all([
        t.json<Labels>("GET", `${atlas}/labels`),
        t.json<FeatureList>("GET", `${atlas}/features?named=true`),
        t.json<Label>("PUT", `${atlas}/features/4/label`, { name: "Balloons", note: "" }),
        t.ask("GET", `${atlas}/export?format=csv&sort=index&order=ascending&limit=5`),
      ]);
      await pause(700);
      release();
      return asked;
    }),
  );
  expect(labels.labels.map(({ name }) => name)).toContain("Zeppelins");
  expect(named.items.map(({ index }) => index)).toContain(3);
  expect(written.name).toBe("Balloons");
  expect(exported.text).toContain("Zeppelins");
  expect(stall).toBeLessThan(1500);
});

it("conversations wait without holding up others, and are refused after seconds", async () => {
  const path = join(t.home, "chats.sqlite");
  const [[listed, made], stall] = await watched(() =>
    held(path, async (release) => {
      const asked = Promise.all([t.json<Chats>("GET", "/api/chats"), t.ask("POST", "/api/chats", { body: { title: "later" } })]);
      await pause(700);
      release();
      return asked;
    }),
  );
  expect([listed.chats.at(-1)?.title, made.status]).toEqual(["kept", 201]);
  expect(stall).toBeLessThan(1500);
  const [refused, wait] = await watched(() => held(path, () => t.ask("GET", "/api/chats")));
  expect([refused.status, refused.json().error.code]).toEqual([409, "busy"]);
  expect(wait).toBeLessThan(1500);
}, 15_000);

it("names and conversations whose files are restored under the server can be changed at once", async () => {
  const backups: string[] = [];
  for (const path of [file, join(t.home, "chats.sqlite")]) {
    await copyFile(path, `${path}.backup`);
    backups.push(path);
  }
  await t.json("PUT", `${atlas}/features/5/label`, { name: "after the backup", note: "" });
  await t.json("POST", "/api/chats", { title: "after the backup" });
  for (const path of backups) await rename(`${path}.backup`, path);
  const numbers = async (): Promise<number[]> =>
    (await t.json<FeatureList>("GET", `${atlas}/features?named=true`)).items.map(({ index }) => index).toSorted((a, b) => a - b);
  expect(await numbers()).toEqual([3, 4]);
  expect((await t.ask("PUT", `${atlas}/features/6/label`, { body: { name: "new", note: "" } })).status).toBe(200);
  expect(await numbers()).toEqual([3, 4, 6]);
  expect((await t.ask("POST", "/api/chats", { body: { title: "new" } })).status).toBe(201);
  expect((await t.json<Chats>("GET", "/api/chats")).chats.map(({ title }) => title)).toEqual(["new", "later", "kept"]);
});
