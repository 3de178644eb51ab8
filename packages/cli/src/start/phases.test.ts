import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { createPhaseClock } from "./phases.ts";

test("a phase has its time, its result and, on Linux, its own peak", async () => {
  const clock = createPhaseClock();
  expect(await clock.run("large", async () => new Uint8Array(300 * 2 ** 20).fill(1).length)).toBe(300 * 2 ** 20);
  await clock.run("small", () => setTimeout(30));
  expect(clock.records.map(({ name }) => name)).toEqual(["large", "small"]);
  expect(clock.records[1]?.seconds).toBeGreaterThan(0.025);
  const [large, small] = clock.records;
  if (large?.peakBytes && small?.peakBytes) expect(large.peakBytes).toBeGreaterThan(300 * 2 ** 20);
});

test("a phase that fails is not recorded as done", async () => {
  const clock = createPhaseClock();
  await expect(clock.run("broken", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(clock.records).toEqual([]);
});
