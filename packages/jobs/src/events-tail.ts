import { open } from "node:fs/promises";
import { type CliProgress, cliProgressSchema } from "@lexiscope/contract";
import { maxLineBytes } from "./lines.ts";

/** The end of a job's events. */
export interface EventsTail {
  /** The last whole line, if it is a JSON object. */
  last: Record<string, unknown> | undefined;
  /** The last progress after the last resumption, as far as the tail reaches back. */
  progress: CliProgress | undefined;
  /** When the file was last written. */
  changed: Date;
}

const firstLook = 64 * 1024;

/** Reads the end of an events file; at most one line's limit of it. */
export async function readEventsTail(path: string): Promise<EventsTail> {
  const file = await open(path, "r");
  try {
    const { size, mtime } = await file.stat();
    let lines: string[] = [];
    for (const reach of [firstLook, maxLineBytes + 1]) {
      const length = Math.min(size, reach);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      lines = wholeLines(buffer.subarray(0, bytesRead), length < size);
      if (lines.length > 0 || length === size) break;
    }
    return { last: parseLine(lines.at(-1) ?? ""), progress: lastProgress(lines), changed: mtime };
  } finally {
    await file.close();
  }
}

/** From the end, since most of the time it is the last line. */
function lastProgress(lines: readonly string[]): CliProgress | undefined {
  for (const line of lines.toReversed()) {
    const event = parseLine(line);
    if (event?.["type"] === "resumed") return undefined;
    if (event?.["type"] === "progress") return cliProgressSchema.safeParse(event).data;
  }
  return undefined;
}

/** The lines of a piece of a file that have their line break, without a first one that may have begun before it. */
function wholeLines(bytes: Buffer, cut: boolean): string[] {
  const from = cut ? bytes.indexOf(10) + 1 : 0;
  const to = bytes.lastIndexOf(10);
  return (cut && from === 0) || to < from ? [] : bytes.toString("utf8", from, to).split("\n");
}

/** A JSON object, or undefined for anything else. */
export function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
