import { expect, test } from "vitest";
import { addRows, bf16ToFloat, floatToBf16 } from "./row-sums.ts";

test("F46: f32 to bf16, nearest even", () => {
  const bits = [
    0x3f800000, 0x3f808000, 0x3f808001, 0x3f817fff, 0x3f818000, 0x3fff8000, 0xbf808000, 0x7f7f7fff, 0x7f7fffff, 0x7f800000, 0x7f800001,
    0x80000000, 0x00008000, 0x00008001, 0x00018000,
  ];
  const expected = [0x3f80, 0x3f80, 0x3f81, 0x3f81, 0x3f82, 0x4000, 0xbf80, 0x7f7f, 0x7f80, 0x7f80, 0x7fc0, 0x8000, 0x0000, 0x0001, 0x0002];
  expect([...floatToBf16(new Float32Array(Uint32Array.from(bits).buffer))]).toEqual(expected);
});

test("rows are added and taken off", () => {
  const rows = floatToBf16(Float32Array.of(1, 2, 3, 4, 5, 6));
  const sum = new Float64Array(2);
  addRows(sum, rows, 0, 3);
  expect([...sum]).toEqual([9, 12]);
  addRows(sum, rows, 1, 2, -1);
  expect([...sum]).toEqual([6, 8]);
  expect([...bf16ToFloat(rows)]).toEqual([1, 2, 3, 4, 5, 6]);
});
