import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Job } from "@lexiscope/contract";
import { LexiscopeError, isLexiscopeError } from "@lexiscope/core";
import { launch } from "./launch.ts";
import { hasEnded, listJobs, readJob } from "./read-job.ts";
import { createRun, readRun, runsFolder, unfinishedPrefix, withRunsLock } from "./run-folder.ts";
import { checkLaunch, newRun, requeue } from "./start.ts";
import { stopJob } from "./stop.ts";
import type { JobRequest, LaunchOptions } from "./types.ts";

export interface JobRunnerOptions extends LaunchOptions {
  /** Jobs that run at a time; 1 unless told otherwise, since each one uses the whole machine. */
  limit?: number | undefined;
  /** Hears of a queue that could not be looked after; it is tried again. */
  onError?: ((error: unknown) => void) | undefined;
}

/** Holds the queue: as many jobs as the limit says run, the others wait in order. What waits is on disk, so a restart forgets nobody. */
export interface JobRunner {
  /** Runs the job, or lets it wait for its turn. */
  start(request: JobRequest): Promise<Job>;
  resume(id: string): Promise<Job>;
  stop(id: string, graceMs?: number): Promise<Job>;
  /** Stops looking after the queue. Jobs that run go on. */
  close(): void;
}

/** How soon the end of a job is seen whose parent was another process. */
const pollMs = 1000;

/** More than anybody waits for; a program that starts jobs without end is refused. */
const maxQueued = 100;

/** Goes on with the queue as it stands on disk. */
export async function createJobRunner(options: JobRunnerOptions): Promise<JobRunner> {
  checkLaunch(options);
  const { home, limit = 1, onError } = options;
  if (!Number.isInteger(limit) || limit < 1)
    throw new LexiscopeError("invalid_input", `limit is ${limit}`, { field: "limit", hint: "give a whole number from 1 on" });
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let failing = false;

  /** That wait, as far as we know: other processes may add some. */
  let queued = 0;
  const checkRoom = async (): Promise<void> => {
    if (queued < maxQueued) return;
    queued = (await activeJobs(home)).filter(({ state }) => state === "queued").length;
    if (queued < maxQueued) return;
    throw new LexiscopeError("busy", `${queued} jobs are waiting already`, {
      hint: "stop some of those that wait, or try again when they have run",
    });
  };

  /** One that has not looked at the queue yet: it serves all who ask for it meanwhile. */
  let coming: Promise<void> | undefined;

  const advance = (): Promise<void> => (coming ??= advanceOnce());
  /** Starts what may start; looks again later while something waits. */
  const advanceOnce = async (): Promise<void> => {
    clearTimeout(timer);
    if (closed) return;
    let waiting = true;
    try {
      queued = await withRunsLock(home, () => {
        coming = undefined;
        return launchNext(options, limit, () => void advance());
      });
      waiting = queued > 0;
      failing = false;
    } catch (error) {
      coming = undefined; // it may have failed before its turn
      if (!failing) onError?.(error); // said once, however often it is tried again
      failing = true;
    }
    clearTimeout(timer);
    if (waiting && !closed) timer = setTimeout(() => void advance(), pollMs).unref();
  };

  // Where nothing can be written there is nothing to tidy up: what has run can still be looked at.
  await withRunsLock(home, () => sweep(home)).catch((error: unknown) => {
    if (!onError || !isLexiscopeError(error) || error.code !== "environment") throw error;
    onError(error);
  });
  await advance();
  return {
    start: async (request) => {
      const run = newRun(request);
      await withRunsLock(home, async () => {
        await checkRoom();
        await createRun(run, home);
        queued++;
      });
      await advance();
      return readJob(run.id, { home });
    },
    resume: async (id) => {
      await withRunsLock(home, async () => {
        await checkRoom();
        await requeue(id, home);
        queued++;
      });
      await advance();
      return readJob(id, { home });
    },
    stop: async (id, graceMs) => {
      const job = await stopJob(id, { home, graceMs });
      await advance();
      return job;
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Starts queued jobs, the longest waiting first, until the limit is reached. How many still wait. */
async function launchNext(options: LaunchOptions, limit: number, onExit: () => void): Promise<number> {
  const { home } = options;
  let running = 0;
  const queue = [];
  for (const { id, state } of await activeJobs(home)) {
    if (state === "running") running++;
    if (state === "queued") queue.push(await readRun(id, home));
  }
  // One that has been launched has a starter of its own, or had one that died: it is not started twice.
  const waiting = queue.filter(({ launched }) => launched === null).sort((a, b) => (a.queued < b.queued ? -1 : 1));
  running += queue.length - waiting.length;
  const free = Math.max(0, limit - running);
  for (const run of waiting.slice(0, free)) await launch(run, { ...options, onExit });
  return Math.max(0, queue.length - free);
}

/** Jobs that run or wait. Those that have ended are looked at, not read. */
async function activeJobs(home?: string): Promise<Job[]> {
  return (await listJobs({ home })).filter((job) => !hasEnded(job)); // a damaged one counts as failed: it holds nobody up
}

/** Removes what processes left that died while they made or removed a job. */
async function sweep(home?: string): Promise<void> {
  const runs = runsFolder(home);
  for (const name of await readdir(runs))
    if (name.startsWith(unfinishedPrefix)) await rm(join(runs, name), { recursive: true, force: true });
}
