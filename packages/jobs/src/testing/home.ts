import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Job } from "@lexiscope/contract";
import { afterEach, beforeEach } from "vitest";
import { hasEnded, listJobs, readJob } from "../read-job.ts";
import { startJob } from "../start.ts";
import { stopJob } from "../stop.ts";

/** The program that tests run as a job. */
export const entry = fileURLToPath(new URL("child.ts", import.meta.url));

export interface TestHome {
  readonly home: string;
  /** Starts the test program; its working folder is the home. */
  start(...options: string[]): Promise<Job>;
  /** Arguments of `startJob` and of a runner. */
  request(...options: string[]): { kind: "train"; title: string; argv: string[]; cwd: string };
  /** Waits until a job is as wanted. */
  until(id: string, wanted: (job: Job) => boolean): Promise<Job>;
  ended(id: string): Promise<Job>;
}

/** A home for each test of a file; what still runs in it at the end is stopped, then it is removed. */
export function useHome(): TestHome {
  let home = "";
  beforeEach(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), "lexiscope-jobs-")));
  });
  afterEach(async () => {
    for (const job of await listJobs({ home })) if (!hasEnded(job)) await stopJob(job.id, { home, graceMs: 0 });
    await rm(home, { recursive: true, force: true });
  });
  const until: TestHome["until"] = async (id, wanted) => {
    for (const start = performance.now(); performance.now() - start < 20_000; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const job = await readJob(id, { home });
      if (wanted(job)) return job;
    }
    throw new Error(`not as wanted in time: ${JSON.stringify(await readJob(id, { home }))}`);
  };
  const request: TestHome["request"] = (...options) => ({ kind: "train", title: "a test", argv: ["train", ...options], cwd: home });
  return {
    get home() {
      return home;
    },
    request,
    start: (...options) => startJob({ ...request(...options), home, entry }),
    until,
    ended: (id) => until(id, hasEnded),
  };
}
