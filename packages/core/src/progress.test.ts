import { expect, it } from "vitest";
import { RateMeter, finish, type ProgressEvent, type Work } from "./progress.ts";

it("measures units per second over its window", () => {
  const meter = new RateMeter(1000);
  expect(meter.update(0, 0)).toBe(0);
  expect(meter.update(50, 500)).toBe(100);
  expect(meter.update(150, 1000)).toBe(150);
  expect(meter.update(350, 2000)).toBe(200);
});

it("runs work to its end and hands on every event", async () => {
  async function* work(): Work<string> {
    for (let done = 0; done < 3; done++) yield { phase: "test", done, total: 3, unit: "things", rate: 1 };
    return "result";
  }
  const seen: ProgressEvent[] = [];
  expect(await finish(work(), (event) => seen.push(event))).toBe("result");
  expect(seen.map((e) => e.done)).toEqual([0, 1, 2]);
});
