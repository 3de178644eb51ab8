import { expect, test } from "vitest";
import { addressLimit, keepText, readText } from "./kept-text.ts";

function memory(limit = Infinity): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const held = new Map<string, string>();
  return {
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => {
      if (value.length > limit) throw new DOMException("full", "QuotaExceededError");
      held.set(key, value);
    },
    removeItem: (key) => void held.delete(key),
  };
}

test("a short text stands in the address, a long one only in the tab", () => {
  const storage = memory();
  expect(keepText("hello", storage)).toBe("hello");
  const long = "x".repeat(addressLimit + 1);
  expect(keepText(long, storage)).toBeNull();
  expect(readText(null, storage)).toBe(long);
  expect(readText("from the link", storage)).toBe("from the link");
});

test("an emptied text is forgotten", () => {
  const storage = memory();
  keepText("hello", storage);
  expect(keepText("", storage)).toBeNull();
  expect(readText(null, storage)).toBe("");
});

test("a text beyond what the browser keeps is no failure", () => {
  const storage = memory(3000);
  expect(keepText("x".repeat(5000), storage)).toBeNull();
  expect(readText(null, storage)).toBe("");
});
