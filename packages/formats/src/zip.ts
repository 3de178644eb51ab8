import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createInflateRaw, crc32 } from "node:zlib";
import { LexiscopeError, messageOf } from "@lexiscope/core";
import type { ByteReader } from "./reader.ts";

/** The list of entries. A wheel or a checkpoint has hundreds; stops an allocation from a damaged end record. */
const maxDirectoryBytes = 64 * 2 ** 20;
/** End record (22) and the longest comment. */
const tailBytes = 22 + 65_535;
/** What is read and handed on at a time. */
const chunkBytes = 1 << 20;

export interface ZipEntry {
  name: string;
  /** 0 stored, 8 deflated; others are refused when the entry is read. */
  method: number;
  compressedBytes: number;
  bytes: number;
  crc: number;
  /** Of the local header. */
  offset: number;
}

/** Entries of a zip file, from its central directory (local headers may carry zero sizes). Zip64 and encryption are refused by name. */
export async function readZipEntries(reader: ByteReader): Promise<ZipEntry[]> {
  const tail = await reader.read(Math.max(0, reader.size - tailBytes), Math.min(reader.size, tailBytes));
  const end = Buffer.from(tail.buffer).lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || end + 22 > tail.byteLength) throw bad(reader, "has no end record");
  const record = new DataView(tail.buffer, end);
  const count = record.getUint16(10, true);
  const bytes = record.getUint32(12, true);
  const offset = record.getUint32(16, true);
  if (count === 0xffff || bytes === 0xffffffff || offset === 0xffffffff)
    throw new LexiscopeError("unsupported", `${reader.name} is a Zip64 file`, { file: reader.name });
  if (bytes > maxDirectoryBytes) throw bad(reader, `claims a directory of ${bytes} bytes`);
  const directory = await reader.read(offset, bytes);
  const view = new DataView(directory.buffer);
  const entries: ZipEntry[] = [];
  for (let at = 0; entries.length < count;) {
    if (at + 46 > bytes || view.getUint32(at, true) !== 0x02014b50) throw bad(reader, `has a damaged directory at entry ${entries.length}`);
    const nameBytes = view.getUint16(at + 28, true);
    const next = at + 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > bytes) throw bad(reader, `has a damaged directory at entry ${entries.length}`);
    const name = new TextDecoder().decode(directory.subarray(at + 46, at + 46 + nameBytes));
    if ((view.getUint16(at + 8, true) & 1) !== 0)
      throw new LexiscopeError("unsupported", `${reader.name}: ${name} is encrypted`, { file: reader.name, field: name });
    entries.push({
      name,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      compressedBytes: view.getUint32(at + 20, true),
      bytes: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    at = next;
  }
  return entries;
}

/** The bytes of one entry, piece by piece; size and CRC are checked at the end, and no more than the stated size is ever given out. */
export async function* readZipEntry(reader: ByteReader, entry: ZipEntry): AsyncGenerator<Uint8Array, void, void> {
  if (entry.method !== 0 && entry.method !== 8)
    throw new LexiscopeError("unsupported", `${reader.name}: ${entry.name} is packed by method ${entry.method}`, {
      file: reader.name,
      field: entry.name,
    });
  const local = new DataView((await reader.read(entry.offset, 30)).buffer);
  if (local.getUint32(0, true) !== 0x04034b50) throw bad(reader, `has no entry ${entry.name} where its directory says`);
  const start = entry.offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  const packed = Readable.from(readPieces(reader, start, entry.compressedBytes));
  const unpacked: Readable = entry.method === 8 ? pipeline(packed, createInflateRaw({ chunkSize: chunkBytes }), () => {}) : packed; // the reader below throws what fails
  let crc = 0;
  let bytes = 0;
  try {
    for await (const piece of unpacked) {
      const chunk = piece as Uint8Array;
      bytes += chunk.byteLength;
      if (bytes > entry.bytes) break;
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof LexiscopeError) throw cause;
    throw bad(reader, `cannot be unpacked at ${entry.name}: ${messageOf(cause)}`, cause);
  }
  if (bytes !== entry.bytes || crc !== entry.crc) throw bad(reader, `has a damaged entry ${entry.name} (its size or CRC is wrong)`);
}

/** Unpacks one entry to a file (which must not exist), fsyncs it, and gives its SHA-256. The caller renames it into place. */
export async function extractZipEntry(
  reader: ByteReader,
  entry: ZipEntry,
  path: string,
  onBytes?: (done: number) => void,
): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path, "wx");
  let done = 0;
  try {
    for await (const chunk of readZipEntry(reader, entry)) {
      for (let at = 0; at < chunk.byteLength;) at += (await file.write(chunk, at)).bytesWritten;
      hash.update(chunk);
      onBytes?.((done += chunk.byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

async function* readPieces(reader: ByteReader, start: number, length: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < length; at += chunkBytes) yield await reader.read(start + at, Math.min(chunkBytes, length - at));
}

function bad(reader: ByteReader, what: string, cause?: unknown): LexiscopeError {
  return new LexiscopeError("bad_file", `${reader.name} ${what}`, {
    file: reader.name,
    cause,
    hint: "the file is truncated or damaged; make or download it again",
  });
}
