import { expect, test } from "vitest";
import { filterLabels } from "./filter-labels.ts";

const label = (feature: number, name: string, note: string, day: number) => ({ feature, name, note, updated: `2026-01-0${day}T00:00:00Z` });
const labels = [label(12, "Sea", "ships and whales", 1), label(3, "Whaling", "", 3), label(40, "", "unclear", 2)];

test("every word must be there, in number, name or note, in any case", () => {
  expect(filterLabels(labels, "WHAL").map(({ feature }) => feature)).toEqual([3, 12]);
  expect(filterLabels(labels, "sea ships").map(({ feature }) => feature)).toEqual([12]);
  expect(filterLabels(labels, "40").map(({ feature }) => feature)).toEqual([40]);
});

test("without words all are there, the latest change first", () => {
  expect(filterLabels(labels, " ").map(({ feature }) => feature)).toEqual([3, 40, 12]);
});
