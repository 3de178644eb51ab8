import { expect, it } from "vitest";
import { createTurns } from "./in-turn.ts";

const forever = new AbortController().signal;

it("lets the event loop turn between two pieces of work, however many wait", async () => {
  const inTurn = createTurns();
  const order: string[] = [];
  const work = ["a", "b", "c"].map((name) =>
    inTurn(() => {
      setImmediate(() => order.push(`after ${name}`));
      order.push(name);
      return name;
    }, forever),
  );
  expect(await Promise.all(work)).toEqual(["a", "b", "c"]);
  await inTurn(() => {}, forever);
  expect(order).toEqual(["a", "after a", "b", "after b", "c", "after c"]);
});

it("lets one that leaves go at once, never does its work, and goes on after one that failed", async () => {
  const inTurn = createTurns();
  const stop = new AbortController();
  const failed = inTurn(() => {
    throw new Error("no");
  }, forever);
  let done = false;
  const left = inTurn(() => {
    done = true;
  }, stop.signal);
  stop.abort();
  await expect(left).rejects.toMatchObject({ code: "aborted" });
  await expect(failed).rejects.toThrow("no");
  expect(await inTurn(() => 3, forever)).toBe(3);
  expect(done).toBe(false);
});
