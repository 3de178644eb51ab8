import type { CliProgress, Job, JobEvent } from "@lexiscope/contract";
import { createCurves, type Curve } from "./curves.ts";

/** What following a job's events has told so far. */
export interface Followed {
  job: Job | null;
  curves: Curve[];
  ended: boolean;
}

export interface Follower {
  add(event: JobEvent): void;
  state(): Followed;
}

/** Puts a job's events together; the time between two sittings does not count. */
export function createFollower(): Follower {
  const curves = createCurves();
  let job: Job | null = null;
  let ended = false;
  let seconds = 0;
  /** When the last line was written, ms; undefined right after a pause. */
  let last: number | undefined;
  return {
    add: (event) => {
      if (event.type !== "line") {
        ({ job } = event);
        ended = event.type === "end";
        return;
      }
      const { line } = event;
      if (typeof line !== "object" || line === null || !("type" in line)) return;
      if (line.type === "resumed") last = undefined;
      if (line.type !== "progress") return;
      const progress = line as CliProgress;
      if (progress.at !== undefined) {
        if (last !== undefined) seconds += Math.max(0, progress.at - last) / 1000;
        last = progress.at;
      }
      curves.add(progress, seconds);
    },
    state: () => ({ job, curves: curves.take(), ended }),
  };
}
