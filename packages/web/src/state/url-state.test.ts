import { expect, test } from "vitest";
import { formatRange, parseRange, safeDecode } from "./url-state.ts";

test("a range has two sides, either of which may be open", () => {
  expect(parseRange("0.001..0.02")).toEqual([0.001, 0.02]);
  expect(parseRange("..5")).toEqual([undefined, 5]);
  expect(parseRange("1e-5..")).toEqual([1e-5, undefined]);
  expect(parseRange("-3..-1")).toEqual([-3, -1]);
});

test("what is no range is none", () => {
  for (const text of [null, "", "..", "5", "a..b", "1-2", "e..-"]) expect(parseRange(text)).toBeUndefined();
});

test("a range is written so that it reads back, to four digits", () => {
  expect(formatRange([0.00123456, undefined])).toBe("0.001235..");
  expect(parseRange(formatRange([1e-7, 12.5]))).toEqual([1e-7, 12.5]);
});

test("a segment with a stray per cent sign stays as it is", () => {
  expect(safeDecode("a%20b")).toBe("a b");
  expect(safeDecode("50%")).toBe("50%");
});
