import { existsSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { type Job, jobKinds } from "@lexiscope/contract";
import { LexiscopeError, version } from "@lexiscope/core";
import { newJobId } from "./job-id.ts";
import { launch } from "./launch.ts";
import { hasEnded, readJob } from "./read-job.ts";
import { createRun, readRun, runFiles, type RunRecord, withRunsLock, writeRun } from "./run-folder.ts";
import { requireSupportedSystem } from "./supported-system.ts";
import type { HomeOption, JobRequest, LaunchOptions } from "./types.ts";

/** Starts a command as a process of its own, at once. `createJobRunner` keeps a queue instead. */
export async function startJob(options: JobRequest & LaunchOptions): Promise<Job> {
  checkLaunch(options);
  const { home } = options;
  const run = newRun(options);
  await withRunsLock(home, async () => {
    await createRun(run, home);
    try {
      await launch(run, options);
    } catch (error) {
      await rm(runFiles(run.id, home).folder, { recursive: true, force: true }); // else it waits for a turn that nobody gives
      throw error;
    }
  });
  return readJob(run.id, { home });
}

/** Runs a job's command again in the same folder: all long commands go on from what they had saved. */
export async function resumeJob(id: string, options: LaunchOptions): Promise<Job> {
  checkLaunch(options);
  const { home } = options;
  await withRunsLock(home, async () => launch(await requeue(id, home), options));
  return readJob(id, { home });
}

/** Puts a job that has ended without a result back to `queued`. Call it under the lock. */
export async function requeue(id: string, home?: string): Promise<RunRecord> {
  requireSupportedSystem();
  const job = await readJob(id, { home });
  if (!hasEnded(job)) throw new LexiscopeError("busy", `${id} is ${job.state}`, { field: "id", hint: "there is nothing to resume yet" });
  if (job.state === "done") throw new LexiscopeError("invalid_input", `${id} is done`, { field: "id", hint: "start a new job to do more" });
  const before = await readRun(id, home);
  const queued = new Date().toISOString();
  const run: RunRecord = { ...before, queued, launched: null, pid: null, startTime: null, stopping: null, resumed: before.resumed + 1 };
  await writeRun(run, home);
  return run;
}

/** A record of what was asked for, checked; nothing runs yet. */
export function newRun({ kind, argv, title, cwd = process.cwd() }: JobRequest & HomeOption): RunRecord {
  requireSupportedSystem();
  const refuse = (message: string, field: string, hint: string): never => {
    throw new LexiscopeError("invalid_input", message, { field, hint });
  };
  if (!jobKinds.includes(kind)) refuse(`there is no kind of job ${JSON.stringify(kind)}`, "kind", `choose one of ${jobKinds.join(", ")}`);
  if (argv[0] !== kind)
    refuse(`a job of the kind ${kind} runs the command ${kind}, not ${JSON.stringify(argv[0])}`, "argv", `begin with ${kind}`);
  if (argv.some((word) => word.includes("\0"))) refuse("an argument holds a zero byte", "argv", "leave it out");
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) refuse(`${cwd} is no folder`, "cwd", "name an existing folder");
  const now = new Date();
  const time = now.toISOString();
  return {
    formatVersion: 1,
    id: newJobId(kind, now),
    kind,
    title,
    argv: [...argv],
    cwd: resolve(cwd),
    created: time,
    software: version,
    queued: time,
    launched: null,
    pid: null,
    startTime: null,
    stopping: null,
    resumed: 0,
  };
}

export function checkLaunch({ entry, nice = 0 }: LaunchOptions): void {
  if (!Number.isInteger(nice) || nice < 0 || nice > 19)
    throw new LexiscopeError("invalid_input", `nice is ${nice}`, { field: "nice", hint: "give a whole number from 0 to 19" });
  if (existsSync(entry)) return;
  throw new LexiscopeError("environment", `${entry}, which runs the jobs, does not exist`, {
    file: entry,
    hint: "set Lexiscope up again: npm run setup",
  });
}
