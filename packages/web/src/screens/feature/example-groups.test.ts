import type { Example } from "@lexiscope/contract";
import { expect, test } from "vitest";
import { binsByInterval, formatInterval, groupExamples, intervalName, parseInterval } from "./example-groups.ts";

const example = (n: number, interval: number, activation: number): Example => ({
  n,
  interval,
  peak: 1,
  document: 0,
  start: 0,
  from: 0,
  length: 2,
  repeat: false,
  tokens: ["a", "b"],
  activations: [0, activation],
});
const histogram = { counts: [8, 7, 6, 5, 4, 3, 2, 1], width: 10 / 8 };

test("the strongest stand first, then the intervals from strong to weak, without the empty ones", () => {
  const groups = groupExamples({
    examples: [example(0, -1, 10), example(1, -1, 9), example(2, 3, 8), example(3, 0, 1)],
    histogram,
    intervals: 4,
    maximum: 10,
  });
  expect(groups.map(({ interval, low, high, tokens, examples }) => [interval, low, high, tokens, examples.length])).toEqual([
    [-1, 9, 10, 2, 2],
    [3, 7.5, 10, 3, 1],
    [0, 0, 2.5, 15, 1],
  ]);
});

test("every bin belongs to one interval, whatever their numbers", () => {
  expect(binsByInterval({ histogram, intervals: 4, maximum: 10 })).toEqual([
    [8, 7],
    [6, 5],
    [4, 3],
    [2, 1],
  ]);
  expect(binsByInterval({ histogram, intervals: 3, maximum: 10 }).flat()).toEqual(histogram.counts);
  expect(binsByInterval({ histogram: { counts: [], width: 0 }, intervals: 2, maximum: 0 })).toEqual([[], []]);
});

test("a feature that never fired has no groups", () => {
  expect(groupExamples({ examples: [], histogram: { counts: [], width: 0 }, intervals: 10, maximum: 0 })).toEqual([]);
});

test("an interval is written in the address and read back", () => {
  for (const interval of [-1, 0, 9]) expect(parseInterval(formatInterval(interval))).toBe(interval);
  for (const text of [null, "", "x", "-3", "1.5"]) expect(parseInterval(text)).toBeUndefined();
  expect(intervalName(9, 10)).toBe("90–100 %");
  expect(intervalName(0, 3)).toBe("0–33.3 %");
  expect(intervalName(-1, 10)).toBe("Strongest");
});
