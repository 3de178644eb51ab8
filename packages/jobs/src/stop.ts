import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "@lexiscope/contract";
import { LexiscopeError, isLexiscopeError } from "@lexiscope/core";
import { hasEnded, hasProcess, readJob } from "./read-job.ts";
import { readRun, runFiles, type RunRecord, runsFolder, unfinishedPrefix, withRunsLock, writeRun } from "./run-folder.ts";
import type { HomeOption } from "./types.ts";

/** A training step and a checkpoint fit in here; what takes longer is not going to stop by itself. */
const usualGraceMs = 20_000;
/** Between SIGTERM and SIGKILL. */
const lastGraceMs = 5000;

export interface StopOptions extends HomeOption {
  /** How long the job may take to save its work, before it is ended by force. */
  graceMs?: number | undefined;
}

/**
 * Stops a job as Ctrl-C does, waits for its end, and ends it by force when that takes too long. One that waits in the
 * queue leaves it; one that has ended stays as it is.
 */
export async function stopJob(id: string, { home, graceMs = usualGraceMs }: StopOptions = {}): Promise<Job> {
  const found = await withRunsLock(home, async () => {
    if (hasEnded(await readJob(id, { home }))) return undefined;
    const run = await readRun(id, home);
    if (run.stopping !== null) return { run, asked: Date.parse(run.stopping) };
    await writeRun({ ...run, stopping: new Date().toISOString() }, home);
    return { run, asked: undefined };
  });
  if (found) await stopProcess(found.run, found.asked, graceMs);
  return readJob(id, { home });
}

/** `asked`: when somebody else began to stop it. A second Ctrl-C would make it leave without saving. */
async function stopProcess(run: RunRecord, asked: number | undefined, graceMs: number): Promise<void> {
  if (asked === undefined && !(await sendSignal(run, "SIGINT"))) return;
  await ended(run, graceMs - (asked === undefined ? 0 : Math.max(0, Date.now() - asked)));
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (!(await sendSignal(run, signal))) return;
    await ended(run, lastGraceMs);
  }
}

/** Deletes a job's folder; one that runs must be stopped first. What it made stays on its shelf. */
export async function removeJob(id: string, { home }: HomeOption = {}): Promise<void> {
  await withRunsLock(home, async () => {
    const run = await readRun(id, home).catch((error: unknown) => {
      if (isLexiscopeError(error) && error.code === "bad_file") return undefined; // a damaged one can go, too
      throw error;
    });
    if (run && (await hasProcess(run))) throw new LexiscopeError("busy", `${id} is running`, { field: "id", hint: "stop it first" });
    const aside = join(runsFolder(home), `${unfinishedPrefix}${id}.removed`);
    await rename(runFiles(id, home).folder, aside);
    await rm(aside, { recursive: true, force: true });
  });
}

/** Looks right before the signal whether the pid is still that process; false: it is gone, and nothing was sent. */
async function sendSignal(run: RunRecord, signal: NodeJS.Signals): Promise<boolean> {
  if (run.pid === null || !(await hasProcess(run))) return false;
  try {
    // By force for its whole group: it leads one, and a download that it started must not go on alone.
    process.kill(signal === "SIGKILL" ? -run.pid : run.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

async function ended(run: RunRecord, patienceMs: number): Promise<void> {
  const until = performance.now() + patienceMs;
  while (performance.now() < until && (await hasProcess(run))) await sleep(50);
}
