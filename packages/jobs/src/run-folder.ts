import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  LexiscopeError,
  asDiskError,
  isLexiscopeError,
  lexiscopeHome,
  lockFolder,
  makeFolder,
  syncFolder,
  writeJsonAtomic,
} from "@lexiscope/core";
import { jobKinds, readManifest } from "@lexiscope/contract";
import { z } from "zod";
import { checkJobId } from "./job-id.ts";

/** What `run.json` holds: what was asked for, and which process does it. The state is not in it: it is derived. */
const runRecordSchema = z.object({
  formatVersion: z.literal(1),
  id: z.string(),
  kind: z.enum(jobKinds),
  title: z.string(),
  /** Command and arguments, as a person would type them after `lexiscope`. */
  argv: z.array(z.string()),
  cwd: z.string(),
  created: z.iso.datetime(),
  software: z.string(),
  /** When it joined the queue for its present sitting. */
  queued: z.iso.datetime(),
  /** When its process was about to be started; null: it waits. */
  launched: z.iso.datetime().nullable(),
  /** 0 and 1 would be a group or the whole system when a signal is sent. */
  pid: z.int().min(2).nullable(),
  startTime: z.string().nullable(),
  /** When somebody asked for its end; forgotten when it is resumed. */
  stopping: z.iso.datetime().nullable(),
  /** How often it was resumed. */
  resumed: z.int().nonnegative(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

export interface RunFiles {
  folder: string;
  run: string;
  events: string;
  log: string;
}

export function runsFolder(home = lexiscopeHome()): string {
  return resolve(home, "runs");
}

/** The paths of a job; refuses what is no id. */
export function runFiles(id: string, home?: string): RunFiles {
  checkJobId(id);
  const folder = join(runsFolder(home), id);
  return { folder, run: join(folder, "run.json"), events: join(folder, "events.ndjson"), log: join(folder, "log.txt") };
}

export async function readRun(id: string, home?: string): Promise<RunRecord> {
  const { run } = runFiles(id, home);
  const record = await readManifest(run, runRecordSchema).catch((error: unknown) => {
    throw isLexiscopeError(error) && error.code === "not_found" ? noSuchJob(id) : error;
  });
  if (record.id === id) return record;
  throw new LexiscopeError("bad_file", `${run} belongs to the job ${record.id}`, {
    file: run,
    field: "id",
    hint: "it is a copy: remove it",
  });
}

export function noSuchJob(id: string): LexiscopeError {
  return new LexiscopeError("not_found", `there is no job ${id}`, {
    field: "id",
    hint: "it may have been removed; look at the list of jobs",
  });
}

export async function writeRun(run: RunRecord, home?: string): Promise<void> {
  await writeJsonAtomic(runFiles(run.id, home).run, run);
}

export const unfinishedPrefix = ".tmp-";

/** The folder appears with everything in it, or not at all. */
export async function createRun(run: RunRecord, home?: string): Promise<void> {
  const runs = runsFolder(home);
  const temporary = join(runs, `${unfinishedPrefix}${run.id}`);
  await makeFolder(runs);
  try {
    await mkdir(temporary);
    await writeJsonAtomic(join(temporary, "run.json"), run);
    for (const name of ["events.ndjson", "log.txt"]) await writeFile(join(temporary, name), "", { flag: "wx" });
    await rename(temporary, runFiles(run.id, home).folder);
    await syncFolder(runs);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw asDiskError(error, temporary);
  }
}

/** How long to wait for another process that starts or removes a job: such work takes milliseconds. */
const lockPatienceMs = 10_000;

/** Starting, resuming, removing: one at a time over all processes of this home. */
export function withRunsLock<T>(home: string | undefined, work: () => Promise<T>): Promise<T> {
  const runs = runsFolder(home);
  const mine = (lines.get(runs) ?? Promise.resolve()).then(() => withRunsLockNow(home, work));
  const settled = Promise.allSettled([mine]);
  lines.set(runs, settled);
  void settled.finally(() => lines.get(runs) === settled && lines.delete(runs));
  return mine;
}

/** Those of this process wait in order: none is passed over until its patience ends. */
const lines = new Map<string, Promise<unknown>>();

async function withRunsLockNow<T>(home: string | undefined, work: () => Promise<T>): Promise<T> {
  const until = performance.now() + lockPatienceMs; // not the time of day: that may be set back
  for (;;) {
    try {
      const unlock = await lockFolder(runsFolder(home), "starting a job");
      try {
        return await work();
      } finally {
        await unlock();
      }
    } catch (error) {
      if (!(isLexiscopeError(error) && error.code === "busy" && error.file === runsFolder(home)) || performance.now() > until) throw error;
      await sleep(20);
    }
  }
}
