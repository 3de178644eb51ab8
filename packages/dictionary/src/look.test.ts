import { expect, test } from "vitest";
import { lookAfter } from "./look.ts";

const steps = (total: number, what: "look" | "loss"): number[] =>
  Array.from({ length: total }, (_, i) => i + 1).filter((step) => lookAfter(step, total)[what]);

test("ΔCE is taken at a quarter, half and three quarters, and every such step is a look", () => {
  expect(steps(80, "loss")).toEqual([20, 40, 60]);
  expect(steps(1500, "loss")).toEqual([375, 750, 1125]);
  expect(steps(130, "look")).toEqual(expect.arrayContaining([33, 65, 98]));
});

test("a run has about twenty looks, the last step among them, however short it is", () => {
  expect(steps(2000, "look")).toHaveLength(20);
  expect(steps(3, "look")).toEqual([1, 2, 3]);
  expect(steps(1, "look")).toEqual([1]);
  expect(steps(1, "loss")).toEqual([]);
});
