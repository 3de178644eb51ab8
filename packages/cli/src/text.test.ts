import { expect, test } from "vitest";
import { formatCount, formatSeconds, formatTable } from "./text.ts";

test("counts are short and numbers keep three digits", () => {
  expect([0, 950, 9999, 16_384, 300_000, 1_200_000, 134_515_008, 2e9, 0.123456].map(formatCount)).toEqual([
    "0",
    "950",
    "9999",
    "16.4k",
    "300k",
    "1.2M",
    "135M",
    "2G",
    "0.123",
  ]);
});

test("times are read as people say them", () => {
  expect([0.34, 59.4, 59.6, 75, 7300].map(formatSeconds)).toEqual(["0.3 s", "59 s", "1 min 0 s", "1 min 15 s", "2 h 1 min"]);
});

test("columns are aligned, colours have no width", () => {
  expect(
    formatTable(
      [
        ["a", "1"],
        ["\x1b[1mbb\x1b[22m", "10"],
      ],
      [1],
    ),
  ).toBe("a    1\n\x1b[1mbb\x1b[22m  10");
});
