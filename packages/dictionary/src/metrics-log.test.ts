import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "@lexiscope/activations/testing";
import { appendMetrics, lastMetrics, rewindMetrics, type MetricsLine } from "./metrics-log.ts";

const line = (step: number): MetricsLine => ({
  step,
  tokens: step * 8,
  loss: 1 / step,
  auxLoss: 0,
  fvu: 0.5,
  l0: 4,
  dead: 0,
  learningRate: 1e-3,
  tokensPerSecond: 10,
});

test("rewinding drops later steps and a line that a kill cut short", async () => {
  const path = join(await temporaryFolder(), "metrics.jsonl");
  for (const step of [1, 2, 3, 4]) await appendMetrics(path, line(step));
  await appendFile(path, '{"step":5,"los');
  await rewindMetrics(path, 3);
  expect((await readFile(path, "utf8")).trimEnd().split("\n")).toHaveLength(3);
  expect(await lastMetrics(path)).toEqual(line(3));
  await appendMetrics(path, line(4));
  expect((await lastMetrics(path))?.step).toBe(4);
});

test("a log that is not there yet is an empty one", async () => {
  const path = join(await temporaryFolder(), "metrics.jsonl");
  await rewindMetrics(path, 0);
  expect(await readFile(path, "utf8")).toBe("");
  expect(await lastMetrics(path)).toBeUndefined();
});
