import { expect, it } from "vitest";
import { RateMeter, finish, type ProgressEvent, type Work } from "./progress.ts";

it("measures units per second over its window", () => {
  const meter = new RateMeter(1000);
  expect(meter.update(0, 0)).toBe(0);
  expect(meter.update(50, 500)).toBe(100);
  expect(meter.update(150, 1000)).toBe(150);
  expect(meter.update(350, 2000)).toBe(200);
});

it("leaves a pause out: a process that was stopped for a minute has the rate that it had before", () => {
  const meter = new RateMeter(1000);
  for (let at = 0; at <= 2000; at += 100) meter.update(at / 10, at);
  expect(meter.update(210, 62_000)).toBe(100);
  expect(meter.update(220, 62_100)).toBe(100);
  expect(meter.update(250, 62_200)).toBe(200);
});

it("takes steps that are always longer than its window as they are", () => {
  const meter = new RateMeter(1000);
  for (let step = 0; step < 5; step++) expect(meter.update(step, step * 15_000)).toBeCloseTo(step === 0 ? 0 : 1 / 15, 10);
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
