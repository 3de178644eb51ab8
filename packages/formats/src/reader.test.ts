import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bytesReader, openFileReader } from "./reader.ts";

test("a file and bytes in memory read alike, and both refuse what is beyond their end", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "f");
  await writeFile(
    path,
    Uint8Array.from({ length: 100 }, (_, i) => i),
  );
  const file = await openFileReader(path);
  for (const reader of [file, bytesReader(Uint8Array.from({ length: 100 }, (_, i) => i))]) {
    expect(reader.size).toBe(100);
    expect(await reader.read(98, 2)).toEqual(Uint8Array.of(98, 99));
    expect(await reader.read(100, 0)).toEqual(new Uint8Array());
    for (const [offset, length] of [
      [99, 2],
      [-1, 1],
      [0, -1],
      [0, 2 ** 60],
      [Number.NaN, 1],
    ] as const)
      await expect(reader.read(offset, length)).rejects.toMatchObject({ code: "bad_file" });
  }
  await truncate(path, 50);
  await expect(file.read(40, 20)).rejects.toMatchObject({ code: "bad_file", file: path });
  await file.close();
  await expect(openFileReader(folder)).rejects.toMatchObject({ code: "invalid_input" });
  await expect(openFileReader(join(folder, "none"))).rejects.toMatchObject({ code: "not_found" });
});
