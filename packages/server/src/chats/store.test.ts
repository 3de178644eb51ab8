import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openChatStore } from "./store.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-chats-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("two stores over one file see each other's conversations, the latest first", () => {
  const path = join(folder, "chats.sqlite");
  let now = 0;
  const [a, b] = [openChatStore(path, { now: () => new Date(now++) }), openChatStore(path, { now: () => new Date(now++) })];
  const first = a.create({ title: "first" });
  b.create({ title: "second" });
  expect(a.list().map(({ title }) => title)).toEqual(["second", "first"]);
  b.update(first.id, { title: "renamed" });
  expect(a.get(first.id).title).toBe("renamed");
  expect(a.list().map(({ title }) => title)).toEqual(["renamed", "second"]);
  a.close();
  b.close();
});

it("what a killed process had saved is there, and the file is whole", async () => {
  const path = join(folder, "chats.sqlite");
  const store = JSON.stringify(new URL("./store.ts", import.meta.url).href);
  const script = `const { openChatStore } = await import(${store}); const s = openChatStore(${JSON.stringify(path)});
    for (let i = 0; ; i++) { s.create({ title: "chat " + i }); if (i === 50) process.stdout.write("go"); }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  const after = openChatStore(path);
  const titles = after.list().map(({ title }) => Number(title.slice(5)));
  expect(titles.length).toBeGreaterThan(50);
  expect(Math.max(...titles)).toBe(titles.length - 1);
  after.close();
});

it("all conversations together have a bound: what goes beyond is refused and undone, what gets shorter is not", () => {
  const store = openChatStore(join(folder, "chats.sqlite"), { maxBytes: 2 ** 20 });
  const refusal = expect.objectContaining({ code: "invalid_input", hint: "delete some of the old ones" }) as unknown;
  const made = Array.from({ length: 9 }, () => store.create({ system: "x".repeat(100_000) }));
  expect(() => store.create({ system: "x".repeat(200_000) })).toThrow(refusal);
  const [first, second] = made;
  if (!first || !second) throw new Error("none was made");
  expect(() => store.update(first.id, { system: "x".repeat(400_000) })).toThrow(refusal);
  expect(store.get(first.id).system).toHaveLength(100_000);
  expect(store.list()).toHaveLength(9);
  store.update(first.id, { system: "short" });
  store.remove(second.id);
  expect(store.create({ system: "x".repeat(200_000) }).system).toHaveLength(200_000);
  store.close();
});

it("a damaged file is named, and stays as it is", async () => {
  const path = join(folder, "chats.sqlite");
  await writeFile(path, "this is no database at all, whatever its name says ".repeat(40));
  expect(() => openChatStore(path).list()).toThrow(expect.objectContaining({ code: "bad_file", file: path }));
});
