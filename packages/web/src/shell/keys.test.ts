import { expect, test } from "vitest";
import { keyReader } from "./keys.ts";

test("g and a letter go to a screen", () => {
  const read = keyReader();
  expect(read("g", 0)).toBeUndefined();
  expect(read("i", 300)).toEqual({ type: "go", path: "/inspect" });
  expect(read("i", 400)).toBeUndefined();
});

test("a letter that comes late, or is none of ours, does nothing", () => {
  const read = keyReader();
  read("g", 0);
  expect(read("a", 5000)).toBeUndefined();
  read("g", 6000);
  expect(read("x", 6100)).toBeUndefined();
  expect(read("a", 6200)).toBeUndefined();
});

test("/ searches and ? helps, also after a stray g", () => {
  const read = keyReader();
  expect(read("/", 0)).toEqual({ type: "search" });
  read("g", 10);
  expect(read("?", 20)).toEqual({ type: "help" });
});
