import fc from "fast-check";
import { expect, test } from "vitest";
import { findDuplicateKey } from "./json-keys.ts";

test("finds the path of a key that occurs twice", () => {
  expect(findDuplicateKey(`{"a":1,"b":{"c":[{"d":1,"\\u0064":2}]}}`)).toBe("b.c.d");
  expect(findDuplicateKey(`{"a":"a\\":{","b":["a","a"],"c":{"a":1}}`)).toBeUndefined();
  expect(findDuplicateKey(`{"a" : 1, "a"\n: 2}`)).toBe("a");
});

test("what JSON.stringify makes has none", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => findDuplicateKey(JSON.stringify(value)) === undefined));
});

test("strings of many megabytes and lists of great depth", () => {
  expect(findDuplicateKey(`{"a":"${"x".repeat(2e7)}","b":1,"a":2}`)).toBe("a");
  expect(findDuplicateKey(`{"a":"${'\\"'.repeat(5e6)}","b":1}`)).toBeUndefined();
  expect(findDuplicateKey(`{"a":${"[".repeat(1e6)}${"]".repeat(1e6)}}`)).toBeUndefined();
});
