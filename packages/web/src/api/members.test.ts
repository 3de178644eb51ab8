import { expect, test } from "vitest";
import { moved, withMembers } from "./members.ts";

test("members are added at the end, once, and taken out", () => {
  expect(withMembers([1, 2], { add: [2, 3] })).toEqual([1, 2, 3]);
  expect(withMembers([1, 2, 3], { remove: [2] })).toEqual([1, 3]);
});

test("a member moves within the list", () => {
  expect(moved([1, 2, 3], 0, 1)).toEqual([2, 1, 3]);
  expect(moved([1, 2, 3], 2, -1)).toEqual([1, 3, 2]);
  expect(moved([1, 2, 3], 0, -1)).toEqual([1, 2, 3]);
  expect(moved([1, 2, 3], 1, 99)).toEqual([1, 3, 2]);
});
