import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { decodeText, readText } from "./text.ts";

const temporary = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
};

test("plain, gzip and zstd give the same text", async () => {
  const folder = await temporary();
  const bytes = Buffer.from("\uFEFFNaïve café\n");
  await writeFile(join(folder, "a.txt"), bytes);
  await writeFile(join(folder, "a.txt.gz"), gzipSync(bytes));
  await writeFile(join(folder, "a.txt.zst"), zstdCompressSync(bytes));
  for (const name of ["a.txt", "a.txt.gz", "a.txt.zst"])
    expect(await readText(join(folder, name))).toEqual({ text: "Naïve café\n", replaced: 0 });
});

test("invalid bytes are counted, a U+FFFD that was written is not", () => {
  expect(decodeText(Buffer.from([0x61, 0xff, 0x62, 0xc3, 0x28, 0xef, 0xbf, 0xbd]))).toEqual({ text: "a\uFFFDb\uFFFD(\uFFFD", replaced: 2 });
});

test("a truncated gzip, a folder, a missing file and a fired signal are named errors", async () => {
  const folder = await temporary();
  await writeFile(join(folder, "cut.gz"), gzipSync(Buffer.alloc(10_000, "abc")).subarray(0, 30));
  await expect(readText(join(folder, "cut.gz"))).rejects.toMatchObject({ code: "bad_file" });
  await expect(readText(folder)).rejects.toMatchObject({ code: "invalid_input" });
  await expect(readText(join(folder, "none"))).rejects.toMatchObject({ code: "not_found" });
  await writeFile(join(folder, "a"), "a");
  await expect(readText(join(folder, "a"), AbortSignal.abort())).rejects.toMatchObject({ code: "aborted" });
});
