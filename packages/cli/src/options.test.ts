import { LexiscopeError } from "@lexiscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { count, oneOf, real, several } from "./options.ts";

test("counts may be written with a suffix or with separators", () => {
  expect(["4096", "4_096", "300k", "1.5M", "2g", " 7 "].map(count("--n"))).toEqual([4096, 4096, 300_000, 1_500_000, 2e9, 7]);
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (n) => count("--n")(String(n)) === n));
});

test.each(["", "x", "-1", "0", "1.5", "1e3", "0x10", "NaN", "Infinity", "4k k"])("%j is no count", (text) => {
  expect(() => count("--tokens")(text)).toThrow(LexiscopeError);
  expect(() => count("--tokens")(text)).toThrow(/--tokens/);
});

test("limits of counts and numbers are kept", () => {
  expect(() => count("--k", { max: 4096 })("4097")).toThrow(/from 1 to 4096/);
  expect(count("--seed", { min: 0 })("0")).toBe(0);
  expect(real("--held-out", { min: 0, max: 0.5 })("0.05")).toBe(0.05);
  for (const text of ["", "0.6", "-0.1", "NaN"]) expect(() => real("--held-out", { min: 0, max: 0.5 })(text)).toThrow(/--held-out/);
});

test("a word that is not offered is refused with those that are", () => {
  expect(oneOf("--dtype", ["f32", "fast"])("fast")).toBe("fast");
  expect(() => oneOf("--dtype", ["f32", "fast"])("f16")).toThrow(/f32, fast/);
});

test("an option given several times collects", () => {
  expect(several("b", several("a", undefined))).toEqual(["a", "b"]);
});
