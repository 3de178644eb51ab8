import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { choose } from "./choose.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "lexiscope-choose-"));
  vi.stubEnv("LEXISCOPE_HOME", home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true, force: true });
});

async function put(name: string, finished: boolean): Promise<void> {
  await mkdir(join(home, "stores", name), { recursive: true });
  if (finished) await writeFile(join(home, "stores", name, "manifest.json"), "{}");
}

test("what is named is taken as it is", async () => {
  expect(await choose("stores", "x/y")).toBe("x/y");
});

test("the only finished one is taken, an unfinished one is none", async () => {
  await expect(choose("stores", undefined)).rejects.toMatchObject({ code: "not_found" });
  await put("begun", false);
  await put("first", true);
  expect(await choose("stores", undefined)).toBe("first");
});

test("of several none is guessed", async () => {
  await put("a", true);
  await put("b", true);
  await expect(choose("stores", undefined)).rejects.toMatchObject({ code: "invalid_input", hint: expect.stringContaining("--store a") });
});
