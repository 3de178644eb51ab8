import { expect, test } from "vitest";
import { withLabel, withName } from "./labels-cache.ts";

const label = { feature: 3, name: "whales", note: "", updated: "2026-01-01T00:00:00Z" };

test("a label is added, replaced and removed", () => {
  expect(withLabel([], 3, label)).toEqual([label]);
  expect(withLabel([label], 3, { ...label, name: "ships" })).toEqual([{ ...label, name: "ships" }]);
  expect(withLabel([label], 3, null)).toEqual([]);
});

test("a name changes its own row alone", () => {
  const rows = [
    { index: 3, name: null },
    { index: 4, name: "sea" },
  ];
  expect(withName(rows, 3, "whales")).toEqual([
    { index: 3, name: "whales" },
    { index: 4, name: "sea" },
  ]);
});
