import { expect, test } from "vitest";
import { brief, LexiscopeError } from "./index.ts";

test("small values read as JSON", () => {
  for (const value of [null, true, -1, 'a"b', [], {}, [1, ["x"]], { a: { b: [null] } }]) expect(brief(value)).toBe(JSON.stringify(value));
  expect([brief(undefined), brief(7n), brief(NaN)]).toEqual(["undefined", "7", "NaN"]);
});

test("large and deep values are cut short", () => {
  const deep: unknown = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
  expect(brief(deep)).toBe("[[[[…]]]]");
  expect(brief({ a: { b: { c: { d: 1 } } } })).toBe('{"a":{"b":{"c":{…}}}}');
  expect(brief(Array.from({ length: 1e6 }, () => 0))).toBe("[0,0,0,0,0,0,0,0,…]");
  expect(brief("x".repeat(1e6)).length).toBeLessThan(130);
  expect(brief({ ["k".repeat(1e6)]: 1 }).length).toBeLessThan(130);
});

test("a message is never a whole file", () => {
  const error = new LexiscopeError("bad_file", "x".repeat(1e6), { field: "y".repeat(1e6) });
  expect([error.message.length, error.field?.length]).toEqual([2000, 2000]);
});
