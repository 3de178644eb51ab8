import type { Job } from "@lexiscope/contract";
import { expect, it } from "vitest";
import type { Curve } from "./curves.ts";
import { secondsLeft, stages } from "./stages.ts";

const job = (parts: Partial<Job>): Job => ({
  id: "j",
  kind: "start",
  title: "",
  state: "running",
  created: "",
  updated: "",
  command: "lexiscope start",
  pid: 1,
  progress: null,
  error: null,
  result: null,
  ...parts,
});
const progress = (phase: string, done: number, total: number, rate: number, metrics?: Record<string, number>): Job["progress"] => ({
  type: "progress",
  phase,
  done,
  total,
  unit: "tokens",
  rate,
  ...(metrics ? { metrics } : {}),
});
const curve = (phase: string, from: number, to: number): Curve => ({
  phase,
  unit: "",
  total: 1,
  done: [0, 1],
  seconds: [from, to],
  rate: [1, 1],
  metrics: {},
});

it("says where a first start stands", () => {
  const curves = [curve("harvest", 5, 60), curve("train", 62, 80)];
  expect(stages(job({ progress: progress("train", 50, 200, 10) }), curves)).toEqual([
    { name: "harvest", state: "done", seconds: 60, share: 1 },
    { name: "train", state: "current", seconds: 20, share: 0.25 },
    { name: "index", state: "waiting", seconds: 0, share: null },
    { name: "look", state: "waiting", seconds: 0, share: null },
  ]);
});

it("counts evaluation and baselines to training", () => {
  const names = stages(job({ kind: "train", progress: progress("baseline", 1, 4, 1) }), [curve("train", 0, 10), curve("baseline", 12, 15)]);
  expect(names).toEqual([{ name: "train", state: "current", seconds: 15, share: 0.25 }]);
});

it("knows nothing before the first line, and all when it is done", () => {
  expect(stages(job({ state: "queued" }), []).map(({ state }) => state)).toEqual(["waiting", "waiting", "waiting", "waiting"]);
  expect(stages(job({ state: "done" }), [curve("index", 90, 95)]).map(({ state }) => state)).toEqual(["done", "done", "done", "done"]);
});

it("estimates the time left from the rate, or takes the run's own word", () => {
  expect(secondsLeft(job({ progress: progress("train", 50, 200, 10) }))).toBe(15);
  expect(secondsLeft(job({ progress: progress("train", 50, 200, 10, { secondsLeft: 12 }) }))).toBe(12);
  expect(secondsLeft(job({ progress: progress("train", 0, 0, 10) }))).toBeNull();
  expect(secondsLeft(job({ state: "stopped", progress: progress("train", 50, 200, 10) }))).toBeNull();
});
