import { LexiscopeError, throwIfAborted } from "@lexiscope/core";
import { parseLine } from "./events-tail.ts";
import { type Line, LineReader } from "./lines.ts";
import { hasEnded, readJob } from "./read-job.ts";
import { noSuchJob, runFiles } from "./run-folder.ts";
import type { HomeOption } from "./types.ts";
import { createWaker } from "./wake.ts";

export interface FollowOptions extends HomeOption {
  /** Byte of events.ndjson from which to go on: the `offset` of the last line that was seen. Lines that begin before it are left out. */
  from?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** How often a job is looked at when nothing tells of a change. */
const pollMs = 500;
/** After its last line a process has only to leave. */
const leavingMs = 25;

/**
 * The lines of a job's events: those that are there, then each one as it is written, until the job has ended and all is
 * read. Only whole lines. A job that is removed meanwhile is a `not_found` error, the signal an `aborted` one.
 */
export async function* followJob(id: string, { home, from = 0, signal }: FollowOptions = {}): AsyncGenerator<Line, void, void> {
  throwIfAborted(signal);
  if (!Number.isSafeInteger(from) || from < 0)
    throw new LexiscopeError("invalid_input", `from is ${from}`, {
      field: "from",
      hint: "give the offset of the last line that was seen, or 0",
    });
  await readJob(id, { home });
  const { events } = runFiles(id, home);
  const waker = createWaker(events);
  const reader = new LineReader(events, from);
  let lookAt = 0;
  let pause = pollMs;
  try {
    for (;;) {
      const look = performance.now() >= lookAt;
      // Before reading: what was written until the end is then in the file.
      const ended = look && hasEnded(await readJob(id, { home }));
      do {
        const lines = await reader.read();
        for (const line of lines) {
          throwIfAborted(signal);
          yield line;
        }
        const last = lines.at(-1);
        if (last) pause = isLastWord(last) ? leavingMs : pollMs;
      } while (!reader.atEnd);
      if (ended) return;
      if (look || pause === leavingMs) lookAt = performance.now() + pause;
      await waker.next(Math.max(1, lookAt - performance.now()), signal);
      throwIfAborted(signal);
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ENOENT" ? noSuchJob(id) : error;
  } finally {
    waker.close();
  }
}

function isLastWord({ line }: Line): boolean {
  const type = parseLine(line)?.["type"];
  return type === undefined || type === "error";
}
