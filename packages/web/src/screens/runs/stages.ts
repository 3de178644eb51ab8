import type { Job } from "@lexiscope/contract";
import type { Curve } from "./curves.ts";

/** What the phases of a command belong to. */
const stageOf: Record<string, string> = {
  read: "harvest",
  harvest: "harvest",
  train: "train",
  evaluate: "train",
  baseline: "train",
  index: "index",
  "output effects": "index",
  neighbours: "index",
  write: "index",
};

const planned: Record<Job["kind"], readonly string[]> = {
  start: ["harvest", "train", "index", "look"],
  harvest: ["harvest"],
  train: ["train"],
  index: ["index"],
};

export interface Stage {
  name: string;
  state: "done" | "current" | "waiting";
  /** Seconds that it took, as far as its measurements say. */
  seconds: number;
  /** Share done of the phase that runs now; null where it is not known. */
  share: number | null;
}

/** Harvest → train → index: where a run stands. */
export function stages(job: Job, curves: readonly Curve[]): Stage[] {
  const names = planned[job.kind];
  const phase = job.progress?.phase;
  const now = phase === undefined ? undefined : (stageOf[phase] ?? (phase === "look and steer" ? "look" : undefined));
  const spans = new Map<string, { from: number; to: number }>();
  for (const { phase: name, seconds } of curves) {
    const stage = stageOf[name];
    const [from, to] = [seconds[0], seconds.at(-1)];
    if (stage === undefined || from === undefined || to === undefined) continue;
    const span = spans.get(stage);
    spans.set(stage, { from: Math.min(span?.from ?? from, from), to: Math.max(span?.to ?? to, to) });
  }
  // What came before the first measurement of a stage (opening a model) belongs to it.
  let ended = 0;
  const current = now === undefined ? Math.max(-1, ...[...spans.keys()].map((name) => names.indexOf(name))) : names.indexOf(now);
  return names.map((name, i) => {
    const span = spans.get(name);
    const seconds = span ? Math.max(0, span.to - ended) : 0;
    ended = span?.to ?? ended;
    if (job.state === "done") return { name, state: "done", seconds, share: 1 };
    if (i < current) return { name, state: "done", seconds, share: 1 };
    if (i > current || job.state === "queued") return { name, state: "waiting", seconds: 0, share: null };
    return { name, state: "current", seconds, share: progressShare(job) };
  });
}

/** 0 to 1 of the phase that runs; null where the total is not known. */
export function progressShare({ progress }: Pick<Job, "progress">): number | null {
  return progress && progress.total > 0 ? Math.min(1, progress.done / progress.total) : null;
}

/** Seconds until the phase that runs now is through, at its present rate; null where that is not known. */
export function secondsLeft({ state, progress }: Pick<Job, "state" | "progress">): number | null {
  if (state !== "running" || !progress) return null;
  const told = progress.metrics?.["secondsLeft"] ?? null;
  if (told !== null && Number.isFinite(told)) return told;
  return progress.total > 0 && progress.rate > 0 ? Math.max(0, progress.total - progress.done) / progress.rate : null;
}
