import { expect, test } from "vitest";
import { featureHref, parseFeature, stepFeature } from "./feature-address.ts";

test("only whole numbers that a dictionary can hold name a feature", () => {
  expect(parseFeature("0")).toBe(0);
  expect(parseFeature("4003")).toBe(4003);
  expect(parseFeature(String(2 ** 24 - 1))).toBe(2 ** 24 - 1);
  for (const text of ["", "-1", "1.5", "1e3", "abc", "0x10", String(2 ** 24), "999999999999"]) expect(parseFeature(text)).toBeUndefined();
});

test("steps stay within the dictionary", () => {
  expect(stepFeature(0, -1, 4096)).toBeUndefined();
  expect(stepFeature(0, 1, 4096)).toBe(1);
  expect(stepFeature(4095, 1, 4096)).toBeUndefined();
  expect(stepFeature(4095, 1, undefined)).toBe(4096);
});

test("a name with odd characters is escaped", () => {
  expect(featureHref("a b%", 3)).toBe("/atlas/a%20b%25/3");
});
