import { expect, it } from "vitest";
import { histogramBars } from "./histogram-bars.ts";

it("gives the largest count the full block, any count some, none a space", () => {
  expect(histogramBars([1000, 30, 1, 0])).toBe("█▄▁ ");
  expect(histogramBars([5, 5])).toBe("██");
  expect(histogramBars([0, 0])).toBe("  ");
  expect(histogramBars([])).toBe("");
});
