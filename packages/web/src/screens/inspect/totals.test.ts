import { expect, test } from "vitest";
import { totalsOf } from "./totals.ts";

const token = { id: 0, text: "t", position: 1, features: [] };

test("left-out tokens count for neither the error nor L0", () => {
  const tokens = [
    { ...token, leftOut: "position 0" as const, error: null, active: 0 },
    { ...token, leftOut: null, error: 0.1, active: 30 },
    { ...token, leftOut: null, error: 0.3, active: 34 },
  ];
  const totals = totalsOf({ tokens, milliseconds: 30 });
  expect(totals).toMatchObject({ tokens: 3, leftOut: 1, l0: 32, rate: 100 });
  expect(totals.error).toBeCloseTo(0.2);
});

test("a text of which nothing is kept has no means", () => {
  expect(totalsOf({ tokens: [{ ...token, leftOut: "position 0", error: null, active: 0 }], milliseconds: 0 })).toEqual({
    tokens: 1,
    leftOut: 1,
    error: null,
    l0: null,
    rate: null,
  });
});
