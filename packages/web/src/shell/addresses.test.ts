import { expect, test } from "vitest";
import { addressWithAtlas, addressWithModel, shareAddress } from "./addresses.ts";

test("another atlas keeps the words and drops what only one dictionary knows", () => {
  expect(addressWithAtlas("/atlas/first", "q=sea&sort=density&list=x&maximum=1..", "second one")).toBe(
    "/atlas/second%20one?q=sea&sort=density",
  );
  expect(addressWithAtlas("/atlas/first/12", "", "second")).toBe("/atlas/second");
  expect(addressWithAtlas("/inspect", "text=hi&pin=1,2", "second")).toBe("/inspect?text=hi&atlas=second");
  expect(addressWithAtlas("/chat/abc", "edit=clamp:1=2x&atlas=first", "second")).toBe("/chat/abc?atlas=second");
  expect(addressWithAtlas("/lists/l1", "atlas=first", "second")).toBe("/lists?atlas=second");
  expect(addressWithAtlas("/learn", "", "second")).toBe("/learn");
});

test("another model is named in the address; the atlas's own is not", () => {
  expect(addressWithModel("/chat", "atlas=first", "other")).toBe("/chat?atlas=first&model=other");
  expect(addressWithModel("/chat", "atlas=first&model=other", null)).toBe("/chat?atlas=first");
  expect(addressWithModel("/learn", "", "other")).toBe("/learn");
});

test("a shared address says what was only remembered", () => {
  expect(shareAddress("/inspect", "text=hi", { atlas: "first", model: "other" })).toBe("/inspect?text=hi&atlas=first&model=other");
  expect(shareAddress("/atlas/first/3", "", { atlas: "first" })).toBe("/atlas/first/3");
  expect(shareAddress("/lists", "atlas=second", { atlas: "first" })).toBe("/lists?atlas=second");
});
