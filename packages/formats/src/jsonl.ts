import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { LexiscopeError, messageOf, throwIfAborted } from "@lexiscope/core";
import { asTextError, decompressor, requireFile } from "./text.ts";

/** One line. Books in one field have a few MB; stops a file without line ends from filling the memory. */
const maxLineBytes = 64 * 2 ** 20;

export interface JsonLine {
  /** From 1. */
  line: number;
  value: unknown;
}

export interface JsonlOptions {
  signal?: AbortSignal | undefined;
  /** Called for a line that is no JSON, which is then skipped. Without it such a line is an error. */
  onBadLine?: (line: number, why: string) => void;
}

/** Streams a JSONL file (`.gz`, `.zst` unpacked) value by value. Blank lines are skipped; a bad line is an error with its number. */
export async function* readJsonl(path: string, options: JsonlOptions = {}): AsyncGenerator<JsonLine, void, void> {
  let number = 0;
  for await (const bytes of readLines(path, options.signal)) {
    number++;
    const text = new TextDecoder("utf-8").decode(bytes); // drops a byte order mark
    if (text.trim() === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      if (options.onBadLine) {
        options.onBadLine(number, messageOf(cause));
        continue;
      }
      throw new LexiscopeError("bad_file", `${path}, line ${number}: not valid JSON: ${messageOf(cause)}`, {
        file: path,
        field: `line ${number}`,
        cause,
        hint: "correct the line or take it out",
      });
    }
    yield { line: number, value };
  }
}

async function* readLines(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, void> {
  await requireFile(path);
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  const unpack = decompressor(path);
  // pipeline, unlike pipe, hands an error of the file on to the unpacker, whose reader then throws it
  const bytes: Readable = unpack ? pipeline(source, unpack, () => {}) : source;
  let rest: Buffer[] = [];
  let restBytes = 0;
  let line = 1;
  try {
    for await (const piece of bytes) {
      throwIfAborted(signal);
      const chunk = piece as Buffer;
      let from = 0;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, at)]);
        line++;
        rest = [];
        restBytes = 0;
        from = at + 1;
      }
      if (from < chunk.byteLength) rest.push(chunk.subarray(from));
      restBytes += chunk.byteLength - from;
      if (restBytes > maxLineBytes)
        throw new LexiscopeError("bad_file", `${path}, line ${line}: longer than ${maxLineBytes} bytes`, {
          file: path,
          field: `line ${line}`,
          hint: "is this file really JSONL, one object a line?",
        });
    }
    if (restBytes > 0) yield Buffer.concat(rest);
  } catch (error) {
    throw asTextError(error, path);
  } finally {
    source.destroy();
  }
}
