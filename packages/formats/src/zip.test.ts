import { mkdtemp, rm, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { isLexiscopeError, sha256 } from "@lexiscope/core";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { bytesReader } from "./reader.ts";
import { extractZipEntry, readZipEntries, readZipEntry } from "./zip.ts";

/** A zip whose local headers carry no sizes, as PyTorch's and many wheels' do. */
function makeZip(files: readonly [name: string, data: Uint8Array, method: 0 | 8][]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, data, method] of files) {
    const packed = method === 8 ? deflateRawSync(data) : Buffer.from(data);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(0x808, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(0x808, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(crc32(data), 16);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(data.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(at, 42);
    directory.push(central, Buffer.from(name));
    parts.push(local, Buffer.from(name), packed);
    at += 30 + name.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}

const big = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i) >> 5);
const zip = makeZip([
  ["a/stored.bin", Uint8Array.of(1, 2, 3), 0],
  ["packed.bin", big, 8],
]);

const contents = async (bytes: Uint8Array): Promise<Map<string, Buffer>> => {
  const reader = bytesReader(bytes, "x.zip");
  const found = new Map<string, Buffer>();
  for (const entry of await readZipEntries(reader)) {
    const pieces: Uint8Array[] = [];
    for await (const piece of readZipEntry(reader, entry)) pieces.push(piece);
    found.set(entry.name, Buffer.concat(pieces));
  }
  return found;
};

test("stored and deflated entries", async () => {
  const found = await contents(zip);
  expect(found.get("a/stored.bin")).toEqual(Buffer.of(1, 2, 3));
  expect(found.get("packed.bin")?.equals(big)).toBe(true);
});

test("an entry goes to a file, with its hash and progress", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const reader = bytesReader(zip);
  const entry = (await readZipEntries(reader)).find(({ name }) => name === "packed.bin");
  let last = 0;
  expect(entry && (await extractZipEntry(reader, entry, join(folder, "out"), (done) => (last = done)))).toBe(sha256(big));
  expect(last).toBe(big.length);
  expect((await readFile(join(folder, "out"))).equals(big)).toBe(true);
});

test("truncations and flipped bits give the contents or a LexiscopeError", async () => {
  const small = makeZip([
    ["s", Uint8Array.of(1, 2, 3), 0],
    ["p", Buffer.from("words ".repeat(20)), 8],
  ]);
  await fc.assert(
    fc.asyncProperty(fc.nat(small.length), fc.array(fc.nat(small.length * 8 - 1), { maxLength: 3 }), async (length, flips) => {
      const bytes = Buffer.from(small);
      for (const bit of flips) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const error: unknown = await contents(bytes.subarray(0, flips.length > 0 && length % 2 ? small.length : length)).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined && !isLexiscopeError(error)) throw error;
    }),
    { numRuns: 1000 },
  );
});
