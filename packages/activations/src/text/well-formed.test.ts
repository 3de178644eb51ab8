import fc from "fast-check";
import { expect, test } from "vitest";
import { toWellFormed } from "./well-formed.ts";

test("lone surrogates become U+FFFD and are counted, pairs stay", () => {
  expect(toWellFormed("a\ud800b\udc00\u{1f600}")).toEqual({ text: "a\ufffdb\ufffd\u{1f600}", replaced: 2 });
  expect(toWellFormed("plain")).toEqual({ text: "plain", replaced: 0 });
});

test("agrees with String.prototype.toWellFormed on any code units", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0xd700, max: 0xe000 })), (units) => {
      const text = String.fromCharCode(...units);
      expect(toWellFormed(text).text).toBe(text.toWellFormed());
    }),
  );
});
