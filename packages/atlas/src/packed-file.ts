import { type FileHandle, open, readFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { deflate, gunzip, gzip, inflate, inflateSync } from "node:zlib";
import { LexiscopeError, messageOf, readExactlyFrom } from "@lexiscope/core";
import { z } from "zod";

/** Largest record, unpacked: 1,000 examples of 4,096 tokens stay below. Stops a small file that unpacks to fill the memory. */
const maxRecordBytes = 64 * 2 ** 20;
/** Largest index, unpacked: offsets of 2²⁴ records. */
const maxIndexBytes = 256 * 2 ** 20;
/** A record that is unpacked at once has at most so many bytes packed, and so many unpacked: a millisecond's work. */
const maxSmallBytes = 64 * 1024;
const maxSmallUnpacked = 512 * 1024;
/** Records that are packed at once, on zlib's own threads. */
const parallel = 8;
/** Bytes that are gathered before they are written. */
const writtenAtOnce = 1 << 20;
const pack = promisify(deflate);

// A million offsets are looked at by hand: as a schema they would hold up everybody else for a tenth of a second.
const indexSchema = z.record(
  z.string(),
  z.object({ filename: z.string().regex(/^[\w.-]+$/), offsets: z.custom<number[]>((value) => Array.isArray(value) && value.length > 0) }),
);

/** Where records lie: record i of `filename` is the bytes `offsets[i]` to `offsets[i + 1]`. */
export type PackedIndex = z.infer<typeof indexSchema>;

/** The same as it is kept. */
export interface PackedOffsets {
  filename: string;
  offsets: Float64Array;
}

export interface PackedWriter {
  /** Adds a record (JSON text) after the others. */
  add(record: string): Promise<void>;
  /** Writes what is left, fsyncs and closes; gives the offsets, one more than there are records. */
  finish(): Promise<number[]>;
  /** Closes the file without finishing it. */
  abandon(): Promise<void>;
}

/** Writes records as `u32 length (LE) + zlib(UTF-8 JSON)`, the form of packed feature files. */
export async function createPackedWriter(path: string): Promise<PackedWriter> {
  const offsets = [0];
  const pending: Promise<Buffer>[] = [];
  const file = await open(path, "wx");
  let gathered: Buffer[] = [];
  let bytes = 0;
  const writeNext = async (): Promise<void> => {
    const body = await pending.shift();
    if (!body) return;
    const head = Buffer.alloc(4);
    head.writeUInt32LE(body.byteLength);
    gathered.push(head, body);
    bytes += 4 + body.byteLength;
    offsets.push((offsets.at(-1) ?? 0) + 4 + body.byteLength);
    if (bytes >= writtenAtOnce) await flush();
  };
  const flush = async (): Promise<void> => {
    const parts = gathered;
    [gathered, bytes] = [[], 0];
    if (parts.length > 0) await file.appendFile(Buffer.concat(parts));
  };
  return {
    add: async (record) => {
      const packed = pack(record, { level: 6 });
      packed.catch(() => undefined); // reported when its turn comes
      pending.push(packed);
      if (pending.length === parallel) await writeNext();
    },
    finish: async () => {
      while (pending.length > 0) await writeNext();
      await flush();
      await file.sync();
      await file.close();
      return offsets;
    },
    abandon: async () => {
      await Promise.allSettled(pending);
      await file.close().catch(() => undefined); // closed already when it was finished
    },
  };
}

export async function packIndex(index: PackedIndex): Promise<Buffer> {
  return promisify(gzip)(JSON.stringify(index));
}

/** Reads an index and the one entry `key`: offsets must grow, number `records` + 1 and end with the file. */
export async function readPackedIndex(
  path: string,
  key: string,
  records: number | undefined,
  fileBytes: (filename: string) => number | undefined,
): Promise<PackedOffsets> {
  const bad = (what: string, cause?: unknown): LexiscopeError =>
    new LexiscopeError("bad_file", `${path} ${what}`, { file: path, cause, hint: "the file is damaged; copy or build the atlas again" });
  let json: unknown;
  try {
    const bytes = await promisify(gunzip)(await readFile(path), { maxOutputLength: maxIndexBytes });
    json = JSON.parse(bytes.toString("latin1")); // its keys and names are ASCII, and digits are read faster so
  } catch (cause) {
    throw bad(`cannot be read: ${messageOf(cause)}`, cause);
  }
  await setImmediate();
  const entry = indexSchema.safeParse(json).data?.[key];
  if (!entry?.offsets.every((offset) => Number.isSafeInteger(offset))) throw bad(`has no proper entry for ${JSON.stringify(key)}`);
  await setImmediate();
  const { filename } = entry;
  const offsets = Float64Array.from(entry.offsets);
  if (records !== undefined && offsets.length !== records + 1)
    throw bad(`has offsets for ${offsets.length - 1} records; there are ${records}`);
  if (offsets[0] !== 0 || offsets.some((offset, i) => i > 0 && offset < (offsets[i - 1] as number) + 4))
    throw bad("has offsets that do not grow");
  if (fileBytes(filename) !== offsets.at(-1))
    throw bad(`says that ${filename} ends at byte ${offsets.at(-1)}; it has ${fileBytes(filename) ?? "no"} bytes`);
  return { filename, offsets };
}

export interface PackedReader {
  /** A damaged record (length, checksum, JSON) is an error that names it. */
  read(record: number): Promise<unknown>;
  close(): void;
}

/** Reads records of one file, which is opened at the first and stays open: a page of examples reads dozens. */
export function createPackedReader(path: string, offsets: ArrayLike<number>): PackedReader {
  let opened: Promise<FileHandle> | undefined;
  const file = (): Promise<FileHandle> => {
    const opening = (opened ??= open(path, "r"));
    opening.catch(() => (opened = undefined));
    return opening;
  };
  return {
    read: async (record) => {
      const bad = (what: string, cause?: unknown): LexiscopeError =>
        new LexiscopeError("bad_file", `${path}: record ${record} ${what}`, {
          file: path,
          field: `record ${record}`,
          cause,
          hint: "the file is damaged; copy or build the atlas again",
        });
      const [from, to] = [offsets[record], offsets[record + 1]];
      if (from === undefined || to === undefined)
        throw new LexiscopeError("not_found", `${path} has no record ${record}; the last is ${offsets.length - 2}`, { file: path });
      if (to - from > maxRecordBytes) throw bad(`takes ${to - from} bytes; ${maxRecordBytes} are allowed`);
      const bytes = await readExactlyFrom(await file(), path, from, to - from);
      if (bytes.readUInt32LE(0) !== to - from - 4) throw bad(`claims ${bytes.readUInt32LE(0)} bytes; the index gives it ${to - from - 4}`);
      try {
        return JSON.parse((await unpacked(bytes.subarray(4))).toString("utf8"));
      } catch (cause) {
        throw bad(`cannot be unpacked: ${messageOf(cause)}`, cause);
      }
    },
    close: () => {
      void opened?.then((file) => file.close()).catch(() => undefined);
      opened = undefined;
    },
  };
}

/** Small ones at once, which takes a fraction of the time that handing them to zlib's threads does. */
async function unpacked(packed: Buffer): Promise<Buffer> {
  if (packed.byteLength <= maxSmallBytes) {
    try {
      return inflateSync(packed, { maxOutputLength: maxSmallUnpacked });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") throw error;
    }
  }
  return promisify(inflate)(packed, { maxOutputLength: maxRecordBytes });
}
