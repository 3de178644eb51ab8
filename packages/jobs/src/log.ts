import { open } from "node:fs/promises";
import type { RunLog } from "@lexiscope/contract";
import { parseLine } from "./events-tail.ts";
import { LineReader } from "./lines.ts";
import { readRun, runFiles } from "./run-folder.ts";
import type { HomeOption } from "./types.ts";

/** The most of what a job's process wrote to stderr that is shown. */
const stderrBytes = 64 * 1024;
/** The most lines of its story that are shown. */
const storyLines = 2000;
/** Stands in log.txt where a new sitting begins. */
export const sittingMark = "=== resumed ";

export interface ReadLogOptions extends HomeOption {
  /** At most so many bytes of its end, in whole lines. */
  bytes?: number | undefined;
}

/** The end of a job's log: phases, notes and messages out of its events with their times, then what came on stderr. */
export async function readLog(id: string, { home, bytes = Number.POSITIVE_INFINITY }: ReadLogOptions = {}): Promise<RunLog> {
  await readRun(id, home);
  const { events, log } = runFiles(id, home);
  const story: string[] = [];
  const tell = narrator();
  let dropped = false;
  const reader = new LineReader(events);
  for (let lines = await reader.read(); lines.length > 0; lines = await reader.read()) {
    story.push(...lines.flatMap(({ line }) => tell(line)));
    dropped ||= story.length > storyLines;
    story.splice(0, story.length - storyLines);
  }
  const stderr = await readEnd(log, stderrBytes);
  const said = stderr.text.trim();
  const lines = [...story, ...(said ? ["", "On stderr:", ...said.split("\n")] : [])];
  const text = lastLines(lines, bytes).join("\n").trimStart();
  return { text, truncated: dropped || stderr.truncated || text.length < lines.join("\n").trimStart().length };
}

function lastLines(lines: readonly string[], bytes: number): readonly string[] {
  let from = lines.length;
  for (let room = bytes + 1; from > 0; from--) {
    room -= Buffer.byteLength(lines[from - 1] ?? "") + 1;
    if (room < 0) break;
  }
  return lines.slice(from);
}

/** The last lines on stderr of the present sitting, on one line and short. */
export async function lastWords(id: string, home?: string): Promise<string> {
  const { text } = await readEnd(runFiles(id, home).log, 4096).catch(() => ({ text: "" }));
  const sitting = text.slice(text.lastIndexOf(sittingMark) + 1);
  const lines = sitting.split("\n").filter((line) => line.trim() !== "" && !line.startsWith(sittingMark.slice(1)));
  return lines.slice(-3).join(" ").slice(-300);
}

async function readEnd(path: string, most: number): Promise<RunLog> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const length = Math.min(size, most);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.toString("utf8", 0, bytesRead);
    return length < size ? { text: text.slice(text.indexOf("\n") + 1), truncated: true } : { text, truncated: false };
  } finally {
    await file.close();
  }
}

/** Turns events into lines for people: a line where a phase begins or says something new, and every note. */
function narrator(): (line: string) => string[] {
  let shown: string | undefined;
  return (line) => {
    const event = parseLine(line);
    const text = (name: string): string => (typeof event?.[name] === "string" ? event[name] : "");
    const at = event?.["at"];
    const time = typeof at === "number" ? `${new Date(at).toISOString().slice(0, 19).replace("T", " ")}  ` : "";
    if (event?.["type"] === "progress") {
      // A message that only counts seconds is no news.
      const message = /^\d+ s$/.test(text("message")) ? "" : text("message");
      const now = message ? `${text("phase")}: ${message}` : text("phase");
      if (now === shown || (!message && shown?.startsWith(`${now}:`))) return [];
      shown = now;
      return [`${time}${now}`];
    }
    if (event?.["type"] === "note") return [`${time}${text("message")}`];
    if (event?.["type"] === "resumed") return [`${time}resumed`];
    if (event?.["type"] === "error") return [`${text("message")}${text("hint") ? `\n  ${text("hint")}` : ""}`];
    return event && event["type"] === undefined ? ["done"] : [];
  };
}
