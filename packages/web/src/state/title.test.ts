import { expect, test } from "vitest";
import { addressTitle } from "./title.ts";

test("a title names the screen, and the atlas where it matters", () => {
  expect(addressTitle("/", "first")).toBe("");
  expect(addressTitle("/atlas/first", "first")).toBe("Atlas · first");
  expect(addressTitle("/atlas/first/12", "first")).toBe("Feature 12 · first");
  expect(addressTitle("/chat", "first")).toBe("Chat · first");
  expect(addressTitle("/learn", "first")).toBe("Learn");
  expect(addressTitle("/inspect", undefined)).toBe("Inspect");
});
