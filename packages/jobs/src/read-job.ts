import { readdir, stat } from "node:fs/promises";
import { type CliError, cliErrorSchema, type Job } from "@lexiscope/contract";
import { commandLine } from "@lexiscope/contract/job-command";
import { isLexiscopeError, isRunning, type LexiscopeError } from "@lexiscope/core";
import { type EventsTail, readEventsTail } from "./events-tail.ts";
import { isJobId } from "./job-id.ts";
import { lastWords } from "./log.ts";
import { noSuchJob, readRun, runFiles, type RunRecord, runsFolder } from "./run-folder.ts";
import type { HomeOption, JobState } from "./types.ts";

/** A job as it stands now. Its state is derived from its process and its last line, never stored. */
export async function readJob(id: string, { home }: HomeOption = {}): Promise<Job> {
  for (;;) {
    const run = await readRun(id, home);
    // In this order: once the process is gone, the tail is the last word.
    const alive = await hasProcess(run);
    const tail = await readEventsTail(runFiles(id, home).events).catch((error: unknown) => {
      throw (error as NodeJS.ErrnoException).code === "ENOENT" ? noSuchJob(id) : error;
    });
    const state = stateOf(run, alive, tail);
    // Resumed while we looked: the process that is gone was the one before.
    if (state === "died" && !sameSitting(run, await readRun(id, home))) continue;
    const { kind, title, created, pid, argv } = run;
    const error = await errorOf(run, state, tail, home);
    const { progress = null, changed } = tail;
    const running = state === "running";
    return {
      id,
      kind,
      title,
      state,
      created,
      updated: changed.toISOString(),
      command: commandLine(argv),
      pid: running ? pid : null,
      progress,
      error,
      result: state === "done" ? tail.last : null,
    };
  }
}

/**
 * A job that may have been read before: one that had ended then, and whose files are as they were, is not read again.
 * Resuming it writes them anew.
 */
export async function readJobAgain(id: string, home?: string): Promise<Job> {
  const { folder, run, events } = runFiles(id, home);
  const stamp = await stampOf(run, events); // before it is read: what changes meanwhile is seen next time
  const known = endedJobs.get(folder);
  if (known && known.stamp === stamp) return known.job;
  endedJobs.delete(folder);
  const job = await readJob(id, { home });
  if (stamp !== undefined && hasEnded(job)) {
    endedJobs.set(folder, { stamp, job });
    const [oldest] = endedJobs.size > maxEndedJobs ? endedJobs.keys() : [];
    if (oldest !== undefined) endedJobs.delete(oldest);
  }
  return job;
}

const readTogether = 32;

/** Jobs kept in memory by folder, some kilobytes each. */
const maxEndedJobs = 10_000;
const endedJobs = new Map<string, { stamp: string; job: Job }>();

/** Undefined when a file is not there. */
async function stampOf(...paths: string[]): Promise<string | undefined> {
  const found = await Promise.all(paths.map((path) => stat(path, { bigint: true }).catch(() => undefined)));
  if (found.includes(undefined)) return undefined;
  return found.map((file) => [file?.ino, file?.size, file?.mtimeNs, file?.ctimeNs].join(":")).join(" ");
}

/** All jobs, the latest first. One whose folder vanishes meanwhile is left out; a damaged one is shown as failed. */
export async function listJobs({ home }: HomeOption = {}): Promise<Job[]> {
  const ids = await jobIds(home);
  const jobs: Job[] = [];
  for (let from = 0; from < ids.length; from += readTogether) {
    const found = await Promise.all(
      ids.slice(from, from + readTogether).map((id) =>
        readJobAgain(id, home).catch((error: unknown) => {
          if (!isLexiscopeError(error)) throw error;
          return error.code === "not_found" ? undefined : damagedJob(id, error);
        }),
      ),
    );
    jobs.push(...found.filter((job) => job !== undefined));
  }
  return jobs.sort((a, b) => b.created.localeCompare(a.created));
}

/** Latest first. */
export async function jobIds(home?: string): Promise<string[]> {
  const names = await readdir(runsFolder(home)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter(isJobId).sort().toReversed();
}

export function hasProcess({ pid, startTime }: RunRecord): Promise<boolean> {
  return pid === null || startTime === null ? Promise.resolve(false) : isRunning({ pid, startTime });
}

export function hasEnded({ state }: Job): boolean {
  return state !== "queued" && state !== "running";
}

/** Between the spawn and the record of its pid lie milliseconds; after this long the starter itself must have died. */
const launchMs = 10_000;

function stateOf(run: RunRecord, alive: boolean, { last }: EventsTail): JobState {
  if (alive) return "running";
  if (run.launched === null) return run.stopping === null ? "queued" : "stopped";
  if (last?.["type"] === "error") return last["code"] === "aborted" ? "stopped" : "failed";
  if (last && last["type"] === undefined) return "done";
  // Either way: a clock that was set back must not let it wait until it has caught up.
  if (run.pid === null && Math.abs(Date.now() - Date.parse(run.launched)) < launchMs) return "queued";
  return run.stopping === null ? "died" : "stopped";
}

async function errorOf({ id }: RunRecord, state: JobState, { last }: EventsTail, home?: string): Promise<Job["error"]> {
  if (state === "died") {
    const words = await lastWords(id, home);
    return {
      code: "internal",
      message: `its process is gone and left no result: it was killed, crashed, or the machine went down${words ? `. Its log ends with: ${words}` : ""}`,
      hint: "resume it: it goes on from what it had saved",
    };
  }
  if (state !== "failed" && state !== "stopped") return null;
  const said: CliError | undefined = cliErrorSchema.safeParse(last).data;
  if (!said) return { code: "aborted", message: "stopped", hint: "resume it: it goes on from what it had saved" };
  const { type: _, ...error } = said;
  return error;
}

function sameSitting(a: RunRecord, b: RunRecord): boolean {
  return a.pid === b.pid && a.launched === b.launched && a.resumed === b.resumed;
}

/** The id alone still tells kind and time. */
function damagedJob(id: string, { code, message, field, file, hint }: LexiscopeError): Job {
  const [, y, mo, d, h, mi, s, kind = ""] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-([a-z]+)-/.exec(id) ?? [];
  const created = `${y}-${mo}-${d}T${h}:${mi}:${s}.000Z`;
  return {
    id,
    kind: kind as Job["kind"],
    title: id,
    state: "failed",
    created,
    updated: created,
    command: "",
    pid: null,
    progress: null,
    error: {
      code,
      message,
      ...(field === undefined ? {} : { field }),
      ...(file === undefined ? {} : { file }),
      ...(hint === undefined ? {} : { hint }),
    },
    result: null,
  };
}
