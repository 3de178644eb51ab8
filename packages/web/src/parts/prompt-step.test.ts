import { expect, test } from "vitest";
import { stepPosition } from "./prompt-step.ts";

test("moves by one token, by ten, and to either end, the answer being the last place", () => {
  expect([stepPosition("ArrowRight", 3, 9), stepPosition("ArrowUp", 3, 9), stepPosition("PageDown", 3, 9)]).toEqual([4, 2, 9]);
  expect([stepPosition("Home", 3, 9), stepPosition("End", 3, 9), stepPosition("ArrowLeft", 0, 9)]).toEqual([0, 9, 0]);
  expect(stepPosition("ArrowRight", 9, 9)).toBe(9);
});

test("leaves other keys alone", () => {
  expect(stepPosition("Enter", 3, 9)).toBeUndefined();
});
