import { expect, test } from "vitest";
import { learningRateAt } from "./schedule.ts";

test("F8: warm-up 2, decay 4, total 6, lr .1", () => {
  const config = { learningRate: 0.1, steps: 6, warmupSteps: 2, decayShare: 4 / 6 };
  const rates = [0, 1, 2, 3, 4, 5, 6].map((t) => learningRateAt(config, t));
  for (const [t, expected] of [0.05, 0.1, 0.1, 0.075, 0.05, 0.025, 0].entries()) expect(rates[t]).toBeCloseTo(expected, 12);
});

test("F29: no warm-up, decay over the last fifth of 20 steps", () => {
  const config = { learningRate: 5e-5, steps: 20, warmupSteps: 0, decayShare: 0.2 };
  const rates = [0, 15, 16, 17, 18, 19].map((t) => learningRateAt(config, t));
  for (const [i, expected] of [5e-5, 5e-5, 5e-5, 3.75e-5, 2.5e-5, 1.25e-5].entries()) expect(rates[i]).toBeCloseTo(expected, 12);
});

test("without warm-up and decay the rate is constant", () => {
  const config = { learningRate: 3e-4, steps: 5, warmupSteps: 0, decayShare: 0 };
  for (let t = 0; t < 5; t++) expect(learningRateAt(config, t)).toBe(3e-4);
});
