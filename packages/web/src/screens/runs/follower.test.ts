import type { Job, JobEvent } from "@lexiscope/contract";
import { expect, it } from "vitest";
import { createFollower, type Followed } from "./follower.ts";

const line = (value: unknown): JobEvent => ({ type: "line", line: value });
const progress = (done: number, at: number): JobEvent =>
  line({ type: "progress", phase: "train", done, total: 10, unit: "tokens", rate: 1, metrics: { loss: done }, at });
const play = (events: JobEvent[]): Followed => {
  const follower = createFollower();
  for (const event of events) follower.add(event);
  return follower.state();
};

it("draws curves over the seconds of work, pauses between sittings left out", () => {
  const { curves } = play([
    progress(1, 1000),
    progress(2, 3000),
    line({ type: "resumed", at: 90_000 }),
    progress(3, 91_000),
    progress(4, 92_000),
  ]);
  expect(curves[0]?.done).toEqual([1, 2, 3, 4]);
  expect(curves[0]?.seconds).toEqual([0, 2, 2, 3]);
});

it("knows the job's last word", () => {
  const job = { id: "a", state: "done" } as Job;
  expect(
    play([
      { type: "job", job: { ...job, state: "running" } },
      { type: "end", job },
    ]),
  ).toMatchObject({ job, ended: true });
});

it("passes over lines that it does not know", () => {
  expect(play([line("text"), line(null), line({ path: "result" }), line({ type: "note", message: "x" })])).toEqual({
    job: null,
    curves: [],
    ended: false,
  });
});
