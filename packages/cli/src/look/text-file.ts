import { createReadStream } from "node:fs";
import { LexiscopeError, messageOf } from "@lexiscope/core";

/** A context of a few million tokens is less than this; `/dev/zero` is more. */
const maxTextBytes = 64 * 2 ** 20;

/**
 * The whole text of a file or pipe, or of a stream called `file`, UTF-8. Errors name the file: `not_found`,
 * `invalid_input` (a folder, too long), `bad_file` (no UTF-8).
 */
export async function readTextFile(file: string, stream?: AsyncIterable<unknown>): Promise<string> {
  // `end` is inclusive: one byte more than allowed, which tells a text that is too long.
  const bytes = await readBounded(file, stream ?? createReadStream(file, { end: maxTextBytes }));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new LexiscopeError("bad_file", `${file} is not UTF-8 text`, { file, cause, hint: "convert it to UTF-8" });
  }
}

async function readBounded(file: string, stream: AsyncIterable<unknown>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of stream) {
      parts.push(part as Buffer);
      size += (part as Buffer).length;
      if (size > maxTextBytes) break;
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new LexiscopeError("not_found", `${file} does not exist`, { file, cause, hint: "name a text file" });
    if (code === "EISDIR") throw new LexiscopeError("invalid_input", `${file} is a folder`, { file, cause, hint: "name a text file" });
    throw new LexiscopeError("environment", `${file} cannot be read: ${messageOf(cause)}`, { file, cause });
  }
  if (size > maxTextBytes)
    throw new LexiscopeError("invalid_input", `${file} has more than ${maxTextBytes} bytes, the most that a text for one pass may have`, {
      file,
      hint: "give a shorter text",
    });
  return Buffer.concat(parts);
}
