import { expect, test } from "vitest";
import { countInSpan, rangeOfSpan, spanOfDrag, spanOfRange } from "./brush.ts";

const edges = [0.001, 0.01, 0.1, 1];

test("a span and its range agree", () => {
  expect(rangeOfSpan(edges, { from: 1, to: 2 })).toEqual([0.01, 0.1]);
  expect(spanOfRange(edges, [0.01, 0.1])).toEqual({ from: 1, to: 2 });
});

test("ends are open, and all of it is no range", () => {
  expect(rangeOfSpan(edges, { from: 0, to: 2 })).toEqual([undefined, 0.1]);
  expect(rangeOfSpan(edges, { from: 0, to: 3 })).toBeUndefined();
  expect(spanOfRange(edges, undefined)).toEqual({ from: 0, to: 3 });
});

test("a drag in either direction takes whole bins, one at least", () => {
  expect(spanOfDrag(2.4, 0.6, 3)).toEqual({ from: 0, to: 3 });
  expect(spanOfDrag(1.2, 1.3, 3)).toEqual({ from: 1, to: 2 });
  expect(spanOfDrag(3, 9, 3)).toEqual({ from: 2, to: 3 });
  expect(spanOfDrag(-5, 0.5, 3)).toEqual({ from: 0, to: 1 });
});

test("the count of a span is that of its bins", () => {
  expect(countInSpan({ counts: [1, 2, 4] }, { from: 1, to: 3 })).toBe(6);
});
