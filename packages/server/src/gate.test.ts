import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { createGate } from "./gate.ts";

it("so many at a time, in order; one that fails makes room too", async () => {
  const gate = createGate(3);
  const begun: number[] = [];
  let [running, most] = [0, 0];
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) =>
      gate(async () => {
        begun.push(i);
        most = Math.max(most, ++running);
        await sleep(i % 4);
        running--;
        if (i % 5 === 0) throw new Error("no");
        return i;
      }),
    ),
  );
  expect([most, running]).toEqual([3, 0]);
  expect(begun).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(4);
  expect(await gate(() => Promise.resolve("on"))).toBe("on");
});

it("refuses what is beyond those that may wait, and takes more when there is room again", async () => {
  const gate = createGate(1, { waiting: 2, name: "pictures" });
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, (_, i) => gate(() => sleep(1, i))));
  expect(outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : (outcome.reason as Error).message))).toEqual([
    0,
    1,
    2,
    "too many pictures are asked for at once",
    "too many pictures are asked for at once",
  ]);
  expect(await gate(() => Promise.resolve("on"))).toBe("on");
});
