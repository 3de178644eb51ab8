import { expect, test } from "vitest";
import { formatPins, mostPins, parsePins, togglePin } from "./pins.ts";

test("pins of an address: numbers, once each", () => {
  expect(parsePins("3,1, 3,x,,-2,99999999")).toEqual([3, 1]);
  expect(parsePins(null)).toEqual([]);
  expect(parsePins(Array.from({ length: 100 }, (_, i) => i).join(","))).toHaveLength(mostPins);
});

test("a pin is put in front, and taken away again", () => {
  expect(togglePin([1, 2], 3)).toEqual([3, 1, 2]);
  expect(togglePin([3, 1, 2], 1)).toEqual([3, 2]);
  expect(formatPins([])).toBeNull();
  expect(formatPins([3, 1])).toBe("3,1");
});
