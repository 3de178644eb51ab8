import { mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { LexiscopeError } from "@lexiscope/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPackedReader, createPackedWriter, packIndex, readPackedIndex } from "./packed-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-packed-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, records: unknown[]): Promise<{ path: string; offsets: number[] }> {
  const path = join(folder, name);
  const writer = await createPackedWriter(path);
  for (const record of records) await writer.add(JSON.stringify(record));
  return { path, offsets: await writer.finish() };
}

test("a record is a length and zlib JSON, at the offsets of the index", async () => {
  const records = Array.from({ length: 30 }, (_, i) => ({ index: i, text: "wal ".repeat(i), é: "☃" }));
  const { path, offsets } = await written("a.bin", records);
  const bytes = await readFile(path);
  const reader = createPackedReader(path, offsets);
  expect(offsets).toHaveLength(31);
  expect(offsets[30]).toBe(bytes.byteLength);
  for (const [i, record] of records.entries()) {
    const [from = 0, to = 0] = [offsets[i], offsets[i + 1]];
    expect(bytes.readUInt32LE(from)).toBe(to - from - 4);
    expect(JSON.parse(inflateSync(bytes.subarray(from + 4, to)).toString())).toEqual(record);
    expect(await reader.read(i)).toEqual(record);
  }
  await expect(reader.read(30)).rejects.toMatchObject({ code: "not_found" });
  reader.close();
});

test("flipped bits, cut ends and false lengths are named", async () => {
  const { path, offsets } = await written("b.bin", [{ text: "one".repeat(50) }, { text: "two" }]);
  const bytes = await readFile(path);
  const reader = createPackedReader(path, offsets);
  const harmless: unknown[] = [];
  for (let at = 0; at < (offsets[1] ?? 0); at++) {
    const broken = Buffer.from(bytes);
    broken[at] = (broken[at] ?? 0) ^ 0x10;
    await writeFile(path, broken);
    const outcome: unknown = await reader.read(0).catch((error: unknown) => error);
    if (outcome instanceof LexiscopeError) expect(outcome).toMatchObject({ code: "bad_file", file: path, field: "record 0" });
    else harmless.push(outcome);
    expect(await reader.read(1)).toEqual({ text: "two" });
  }
  // Bits that pad the last byte of a deflate stream carry nothing.
  expect(harmless).toEqual(harmless.slice(0, 1).map(() => ({ text: "one".repeat(50) })));
  await writeFile(path, bytes.subarray(0, -3));
  await expect(reader.read(1)).rejects.toMatchObject({ code: "bad_file", file: path });
  reader.close();
});

test("a small record that unpacks to much is unpacked apart, a large one too", async () => {
  const records = [{ text: "x".repeat(3_000_000) }, { text: Array.from({ length: 200_000 }, (_, i) => i * 7919).join() }];
  const { path, offsets } = await written("d.bin", records);
  const reader = createPackedReader(path, offsets);
  for (const [i, record] of records.entries()) expect(await reader.read(i)).toEqual(record);
  reader.close();
});

test("a file that was renamed is read on, one that is not there is tried again", async () => {
  const { path, offsets } = await written("e.bin", [1, 2]);
  const [early, late] = [createPackedReader(path, offsets), createPackedReader(path, offsets)];
  expect(await early.read(0)).toBe(1);
  await rename(path, `${path}.away`);
  expect(await early.read(1)).toBe(2);
  await expect(late.read(1)).rejects.toThrow("ENOENT");
  await rename(`${path}.away`, path);
  expect(await late.read(1)).toBe(2);
  // What was asked for before closing is answered.
  const asked = late.read(0);
  for (const reader of [early, late]) reader.close();
  expect(await asked).toBe(1);
});

test("an index that does not fit its file is refused", async () => {
  const { path, offsets } = await written("c.bin", [1, 2, 3]);
  const index = join(folder, "index.json.gz");
  const { size } = await stat(path);
  const read = (records: number | undefined, bytes = size): Promise<unknown> => readPackedIndex(index, "15", records, () => bytes);
  await writeFile(index, await packIndex({ "15": { filename: "c.bin", offsets } }));
  expect(await read(3)).toEqual({ filename: "c.bin", offsets: Float64Array.from(offsets) });
  await expect(read(4)).rejects.toThrow("offsets for 3 records; there are 4");
  await expect(read(3, size - 1)).rejects.toThrow(`ends at byte ${size}`);
  await writeFile(index, await packIndex({ "15": { filename: "c.bin", offsets: [0, 9, 9] } }));
  await expect(read(undefined)).rejects.toThrow("do not grow");
  for (const wrong of [[0, 9.5, 20], [0, null, 20], [0, "9", 20], []]) {
    await writeFile(index, await packIndex({ "15": { filename: "c.bin", offsets: wrong as number[] } }));
    await expect(read(undefined)).rejects.toThrow("no proper entry");
  }
  await writeFile(index, await packIndex({ "15": { filename: "../c.bin", offsets } }));
  await expect(read(3)).rejects.toThrow("no proper entry");
  await writeFile(index, "not gzip");
  await expect(read(3)).rejects.toMatchObject({ code: "bad_file", file: index });
});
