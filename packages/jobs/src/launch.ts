import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { appendFile, open } from "node:fs/promises";
import { resolve } from "node:path";
import { identityOf, lexiscopeHome, type ProcessIdentity } from "@lexiscope/core";
import { sittingMark } from "./log.ts";
import { runFiles, type RunRecord, writeRun } from "./run-folder.ts";
import type { LaunchOptions } from "./types.ts";

const usualNice = 10;

/** Names that belong to the process that starts a job, not to the job. */
const notInherited = ["LEXISCOPE_LAUNCHED", "NODE_CHANNEL_FD", "NODE_UNIQUE_ID"];

export interface Launch extends LaunchOptions {
  /** Called when a process that we started has ended, as long as we live ourselves. */
  onExit?: (() => void) | undefined;
}

/**
 * Starts a job's process and records which one it is. It leads a session of its own and writes to its files itself,
 * so it outlives us and our terminal. A process that cannot be started is the job's failure, not ours. Call it under the lock.
 */
export async function launch(run: RunRecord, options: Launch): Promise<void> {
  const files = runFiles(run.id, options.home);
  if (run.resumed > 0) await beginSitting(files.events, files.log);
  const launched: RunRecord = { ...run, launched: new Date().toISOString(), pid: null, startTime: null, stopping: null };
  await writeRun(launched, options.home);
  let identity: ProcessIdentity | undefined;
  try {
    identity = await spawnJob(run, options);
    await writeRun({ ...launched, ...identity }, options.home);
  } catch (error) {
    // A process of which nobody knows could not be stopped.
    if (identity) process.kill(-identity.pid, "SIGKILL");
    const message = `the job's process could not be started: ${error instanceof Error ? error.message : String(error)}`;
    const hint = `are the folder ${run.cwd} and Lexiscope itself still there?`;
    await appendFile(files.events, `${JSON.stringify({ type: "error", code: "environment", message, hint })}\n`);
  }
}

async function spawnJob(run: RunRecord, { home, entry, nice = usualNice, offline, onExit }: Launch): Promise<ProcessIdentity> {
  const { events, log } = runFiles(run.id, home);
  const [command = "", ...rest] = run.argv.filter((word) => word !== "--json");
  const out = openSync(events, "a");
  const err = openSync(log, "a");
  try {
    const child = spawn(process.execPath, [resolve(entry), command, "--json", ...rest], {
      cwd: run.cwd,
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !notInherited.includes(name))),
        LEXISCOPE_HOME: resolve(home ?? lexiscopeHome()),
        LEXISCOPE_NICE: String(nice),
        ...(offline ? { LEXISCOPE_OFFLINE: "1" } : {}),
      },
      detached: true,
      stdio: ["ignore", out, err],
    });
    const failed = once(child, "error").then(([error]: unknown[]) => Promise.reject(error as Error));
    failed.catch(() => {});
    if (child.pid === undefined) return await failed;
    // At once: until the event loop turns, an ended child is still ours to look at.
    const identity = identityOf(child.pid);
    if (onExit) child.once("exit", onExit);
    child.unref();
    return identity;
  } finally {
    closeSync(out);
    closeSync(err);
  }
}

/** Cuts off what a killed process left of a line, and says that a new sitting begins. */
async function beginSitting(events: string, log: string): Promise<void> {
  const file = await open(events, "r+");
  try {
    const { size } = await file.stat();
    await file.truncate(await endOfLastLine(file, size));
  } finally {
    await file.close();
  }
  const at = Date.now();
  await appendFile(events, `${JSON.stringify({ type: "resumed", at })}\n`);
  await appendFile(log, `${sittingMark}${new Date(at).toISOString()}\n`);
}

async function endOfLastLine(file: Awaited<ReturnType<typeof open>>, size: number): Promise<number> {
  const buffer = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0;) {
    const length = Math.min(end, buffer.length);
    await file.read(buffer, 0, length, end - length);
    const at = buffer.subarray(0, length).lastIndexOf(10);
    if (at >= 0) return end - length + at + 1;
    end -= length;
  }
  return 0;
}
