import { expect, test } from "vitest";
import { formatCount, formatNumber, formatShare, formatShort } from "./format.ts";

test("counts are grouped by thousands", () => {
  expect([0, 999, 1000, 1_234_567.4, -1234].map(formatCount)).toEqual(["0", "999", "1,000", "1,234,567", "-1,234"]);
});

test("numbers have three significant digits, far ones a power of ten", () => {
  expect([0, 0.12345, 12.345, 1234.5, 1e-5, 2.5e7, Number.NaN].map((value) => formatNumber(value))).toEqual([
    "0",
    "0.123",
    "12.3",
    "1230",
    "1.00e-5",
    "2.50e7",
    "–",
  ]);
});

test("amounts and rates are short", () => {
  expect([0, 0.05, 999, 17_123, 2.46e8, 3e9, -1500].map(formatShort)).toEqual(["0", "0.05", "999", "17.1k", "246M", "3G", "-1.5k"]);
});

test("a small share is one in so many", () => {
  expect([0, 0.5, 0.0123, 0.0005, 5e-6].map(formatShare)).toEqual(["0 %", "50 %", "1.23 %", "0.05 %", "1 in 200,000"]);
});
