import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readTextFile } from "./text-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a text comes as it is, its byte order mark too", async () => {
  const file = join(folder, "a.txt");
  await writeFile(file, "\uFEFFcafé\n");
  expect(await readTextFile(file)).toBe("\uFEFFcafé\n");
  await writeFile(file, "");
  expect(await readTextFile(file)).toBe("");
});

test("what is no text is named", async () => {
  const file = join(folder, "latin.txt");
  await writeFile(file, Buffer.from([0x63, 0xe9]));
  await expect(readTextFile(file)).rejects.toMatchObject({ code: "bad_file", file });
  await expect(readTextFile(folder)).rejects.toMatchObject({ code: "invalid_input", message: `${folder} is a folder` });
  await expect(readTextFile(join(folder, "none"))).rejects.toMatchObject({ code: "not_found" });
});

test.skipIf(!existsSync("/dev/zero"))("a stream without end is refused, not read for ever", async () => {
  await expect(readTextFile("/dev/zero")).rejects.toMatchObject({ code: "invalid_input", message: expect.stringContaining("more than") });
});

test.skipIf(process.platform === "win32")("a pipe is read", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("sh", ["-c", `mkfifo "${pipe}"`]);
  const [text] = await Promise.all([readTextFile(pipe), writeFile(pipe, "from a pipe")]);
  expect(text).toBe("from a pipe");
});
