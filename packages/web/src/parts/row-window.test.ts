import { expect, test } from "vitest";
import { isScaled, maxTop, maxTrack, rowsInView, scrollOfTop, topOfScroll, topShowing, trackHeight } from "./row-window.ts";

const small = { total: 4096, rowHeight: 28, viewport: 560 };
const million = { total: 1_000_000, rowHeight: 28, viewport: 560 };

test("a list that fits scrolls by its own pixels", () => {
  expect(isScaled(small)).toBe(false);
  expect(trackHeight(small)).toBe(4096 * 28);
  expect(topOfScroll(1234, small)).toBe(1234);
});

test("a million rows lie on a track that no browser clips, first and last row at its ends", () => {
  expect(isScaled(million)).toBe(true);
  expect(trackHeight(million)).toBe(maxTrack);
  expect(topOfScroll(0, million)).toBe(0);
  const last = topOfScroll(maxTrack - million.viewport, million);
  expect(last).toBeCloseTo(maxTop(million), 3);
  expect(rowsInView(last, million, 0)).toEqual({ first: 999_980, end: 1_000_000 });
});

test("track and list agree in both directions", () => {
  for (const top of [0, 28, 123_456.5, 14_000_000, maxTop(million)])
    expect(topOfScroll(scrollOfTop(top, million), million)).toBeCloseTo(top, 3);
});

test("rows in view have their neighbours with them, within the list", () => {
  expect(rowsInView(0, small, 10)).toEqual({ first: 0, end: 30 });
  expect(rowsInView(280, small, 2)).toEqual({ first: 8, end: 32 });
  expect(rowsInView(0, { ...small, total: 3 }, 10)).toEqual({ first: 0, end: 3 });
  expect(rowsInView(0, { ...small, total: 0 }, 10)).toEqual({ first: 0, end: 0 });
});

test("showing a row moves no further than it must", () => {
  expect(topShowing(5, 0, small)).toBe(0);
  expect(topShowing(20, 0, small)).toBe(28);
  expect(topShowing(0, 280, small)).toBe(0);
  expect(topShowing(999_999, 0, million)).toBe(maxTop(million));
});
