import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { readJsonl, type JsonlOptions } from "./jsonl.ts";

const file = async (name: string, data: string | Uint8Array): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, name), data);
  return join(folder, name);
};
const all = async (path: string, options?: JsonlOptions): Promise<[number, unknown][]> => {
  const lines: [number, unknown][] = [];
  for await (const { line, value } of readJsonl(path, options)) lines.push([line, value]);
  return lines;
};

test("values with their line numbers; blank lines, CRLF and a missing last line end are fine", async () => {
  expect(await all(await file("a.jsonl", '\uFEFF{"a":1}\r\n\n[2]\n"é"'))).toEqual([
    [1, { a: 1 }],
    [3, [2]],
    [4, "é"],
  ]);
  expect(await all(await file("empty.jsonl", ""))).toEqual([]);
});

test("a line longer than a read, and gzip", async () => {
  const long = "é".repeat(1_000_000);
  expect(await all(await file("a.jsonl.gz", gzipSync(`1\n${JSON.stringify(long)}\n3`)))).toEqual([
    [1, 1],
    [2, long],
    [3, 3],
  ]);
});

test("a bad line is named, or skipped and reported", async () => {
  const path = await file("a.jsonl", '1\n{"a":\n3\n');
  await expect(all(path)).rejects.toMatchObject({ code: "bad_file", field: "line 2", file: path });
  const bad: number[] = [];
  expect(await all(path, { onBadLine: (line) => bad.push(line) })).toEqual([
    [1, 1],
    [3, 3],
  ]);
  expect(bad).toEqual([2]);
});

test("a truncated gzip and a missing file are named", async () => {
  await expect(all(await file("a.jsonl.gz", gzipSync("1\n".repeat(9999)).subarray(0, 40)))).rejects.toMatchObject({ code: "bad_file" });
  await expect(all("/nowhere/a.jsonl")).rejects.toMatchObject({ code: "not_found" });
});
