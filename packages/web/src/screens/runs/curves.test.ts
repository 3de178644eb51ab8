import type { CliProgress } from "@lexiscope/contract";
import { expect, it } from "vitest";
import { align, createCurves, fresher, lastValue, maxPoints, type Curve } from "./curves.ts";

const line = (done: number, metrics?: Record<string, number | null>, phase = "train"): CliProgress => ({
  type: "progress",
  phase,
  done,
  total: 100,
  unit: "tokens",
  rate: metrics || done > 0 ? 10 : 0,
  ...(metrics ? { metrics } : {}),
});
const play = (lines: CliProgress[]): Curve[] => {
  const curves = createCurves();
  lines.forEach((one, i) => curves.add(one, i));
  return curves.take();
};

it("draws a phase from its lines; a metric that comes late is empty before", () => {
  expect(play([line(10, { loss: 3 }), line(20, { loss: 2, fvu: 0.5 }), line(30)])).toEqual([
    {
      phase: "train",
      unit: "tokens",
      total: 100,
      done: [10, 20, 30],
      seconds: [0, 1, 2],
      rate: [10, 10, 10],
      metrics: { loss: [3, 2, null], fvu: [null, 0.5, null] },
    },
  ]);
});

it("takes messages for no measurement", () => {
  expect(play([line(0)])).toEqual([]);
});

it("replaces what a resumed run does again", () => {
  const [curve] = play([line(10, { loss: 3 }), line(20, { loss: 2 }), line(30, { loss: 1 }), line(20, { loss: 2.5 })]);
  expect(curve?.done).toEqual([10, 20]);
  expect(curve?.metrics["loss"]).toEqual([3, 2.5]);
});

it("keeps a long run short, its first and last point included", () => {
  const lines = Array.from({ length: 3 * maxPoints }, (_, i) => line(i + 1, { loss: i }));
  const [curve] = play(lines);
  expect(curve?.done.length).toBeLessThanOrEqual(maxPoints);
  expect(curve?.done.length).toBeGreaterThanOrEqual(maxPoints / 2);
  expect(curve?.done[0]).toBe(1);
  expect(curve?.done.at(-1)).toBe(3 * maxPoints);
  expect(curve?.metrics["loss"]).toHaveLength(curve?.done.length ?? 0);
});

it("lays two runs over one axis", () => {
  const [a] = play([line(10, { loss: 3 }), line(30, { loss: 1 })]);
  const [b] = play([line(20, { loss: 5 }), line(30, { loss: 4 })]);
  expect(align([a, b], "loss")).toEqual([
    [10, 20, 30],
    [3, null, 1],
    [null, 5, 4],
  ]);
  expect(align([a, undefined], "rate")).toEqual([
    [10, 30],
    [10, 10],
    [null, null],
  ]);
});

it("prefers the curves that have come further", () => {
  const short = play([line(10, { loss: 1 })]);
  const long = play([line(10, { loss: 1 }), line(20, { loss: 1 })]);
  expect(fresher(short, long)).toBe(long);
  expect(fresher(long, short)).toBe(long);
  expect(fresher(short, [])).toBe(short);
});

it("knows the last value that there is", () => {
  expect(lastValue(play([line(10, { fvu: 0.4 }), line(20)])[0], "fvu")).toBe(0.4);
  expect(lastValue(undefined, "fvu")).toBeNull();
});
