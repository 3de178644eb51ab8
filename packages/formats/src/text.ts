import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { Writable, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { LexiscopeError, messageOf } from "@lexiscope/core";

/** One text file, unpacked. V8 strings end near 512 MiB; also stops a small .gz that unpacks to the whole disk. */
const maxTextBytes = 400 * 2 ** 20;

export interface ReadText {
  text: string;
  /** Invalid bytes (sequences) that became U+FFFD. */
  replaced: number;
}

/** Reads a text file, `.gz` and `.zst` unpacked, as UTF-8; a byte order mark is dropped, invalid bytes become U+FFFD and are counted. */
export async function readText(path: string, signal?: AbortSignal): Promise<ReadText> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  await stream(
    path,
    new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        bytes += chunk.byteLength;
        chunks.push(chunk);
        done(
          bytes > maxTextBytes
            ? new LexiscopeError("bad_file", `${path} holds more than ${maxTextBytes} bytes of text`, {
                file: path,
                hint: "split it into several files",
              })
            : null,
        );
      },
    }),
    signal,
  );
  return decodeText(Buffer.concat(chunks));
}

/** UTF-8 to text: see {@link readText}. */
export function decodeText(bytes: Uint8Array): ReadText {
  const text = new TextDecoder("utf-8").decode(bytes);
  return { text, replaced: count(text, "\uFFFD") - countBytes(bytes, [0xef, 0xbf, 0xbd]) };
}

/** Streams a file's bytes, `.gz` and `.zst` unpacked, into `sink`. */
export async function stream(path: string, sink: Writable, signal: AbortSignal | undefined): Promise<void> {
  await requireFile(path);
  const options = signal ? { signal } : {};
  try {
    const unpack = decompressor(path);
    const source = createReadStream(path, { highWaterMark: 1 << 18 });
    await (unpack ? pipeline(source, unpack, sink, options) : pipeline(source, sink, options));
  } catch (error) {
    throw asTextError(error, path);
  }
}

export function decompressor(path: string): Transform | undefined {
  if (path.endsWith(".gz")) return createGunzip();
  if (path.endsWith(".zst")) return createZstdDecompress();
  return undefined;
}

export async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new LexiscopeError("not_found", `${path} does not exist`, { file: path, cause });
  });
  if (!found.isFile()) throw new LexiscopeError("invalid_input", `${path} is not a file`, { file: path });
}

export function asTextError(error: unknown, path: string): unknown {
  if (error instanceof LexiscopeError) return error;
  if ((error as Error).name === "AbortError") return new LexiscopeError("aborted", "stopped", { cause: error });
  const code = String((error as NodeJS.ErrnoException).code);
  if (/^(Z_|ERR_ZSTD|ZSTD_)/.test(code))
    return new LexiscopeError("bad_file", `${path} cannot be unpacked: ${messageOf(error)}`, {
      file: path,
      cause: error,
      hint: "the file is truncated or damaged",
    });
  return new LexiscopeError("environment", `${path} cannot be read: ${messageOf(error)}`, { file: path, cause: error });
}

function count(text: string, what: string): number {
  let n = 0;
  for (let at = text.indexOf(what); at >= 0; at = text.indexOf(what, at + what.length)) n++;
  return n;
}

function countBytes(bytes: Uint8Array, what: readonly number[]): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pattern = Buffer.from(what);
  let n = 0;
  for (let at = buffer.indexOf(pattern); at >= 0; at = buffer.indexOf(pattern, at + pattern.length)) n++;
  return n;
}
