import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { LexiscopeError, messageOf } from "@lexiscope/core";

/** Random access to bytes. Every read is `pread` into memory of our own: a mapped file that somebody truncates kills the process. */
export interface ByteReader {
  /** What errors call it: a path, usually. */
  readonly name: string;
  readonly size: number;
  /** Exactly `length` bytes from `offset`; anything else is a `bad_file` error. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** One read call of the system is not asked for more than this: Linux gives at most 2 GiB at once. */
const maxReadBytes = 2 ** 30;

/** Opens a file for random access. A missing file, a folder or a device is a named error. */
export async function openFileReader(path: string): Promise<ByteReader> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // a FIFO must not hang the open
  } catch (error) {
    const missing = ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
    throw new LexiscopeError(
      missing ? "not_found" : "environment",
      missing ? `${path} does not exist` : `${path} cannot be read: ${messageOf(error)}`,
      { file: path, cause: error },
    );
  }
  const handle = file;
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    throw new LexiscopeError("invalid_input", `${path} is not a file`, { file: path, hint: "name a file, not a folder or a device" });
  }
  return {
    name: path,
    size: stat.size,
    read: async function readFileRange(offset, length) {
      checkRange(path, stat.size, offset, length);
      const bytes = new Uint8Array(length);
      for (let got = 0; got < length;) {
        const { bytesRead } = await handle.read(bytes, got, Math.min(length - got, maxReadBytes), offset + got);
        if (bytesRead === 0) throw truncated(path, offset + got, offset, length);
        got += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

/** The same interface over bytes in memory. Reads copy. */
export function bytesReader(bytes: Uint8Array, name = "bytes in memory"): ByteReader {
  return {
    name,
    size: bytes.byteLength,
    read: async function readBytesRange(offset, length) {
      checkRange(name, bytes.byteLength, offset, length);
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
    close: async () => {},
  };
}

/** Runs `work` on an opened file and closes it whatever happens. */
export async function withFileReader<T>(path: string, work: (reader: ByteReader) => Promise<T>): Promise<T> {
  const reader = await openFileReader(path);
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

function checkRange(name: string, size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0 || offset + length > size)
    throw truncated(name, size, offset, length);
}

function truncated(name: string, end: number, offset: number, length: number): LexiscopeError {
  return new LexiscopeError("bad_file", `${name} ends at byte ${end}; ${length} bytes from ${offset} were expected`, {
    file: name,
    hint: "the file is truncated; make or download it again",
  });
}
