import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyEdit } from "./apply-edit.ts";

const x = [2, 1, 0];
const d0 = [0.6, 0.8, 0];
const d1 = [0, 0, 1];

function expectClose(got: number[], want: number[]): void {
  expect(got).toHaveLength(want.length);
  want.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 6));
}

describe("fixture F33", () => {
  it("clamps feature 0 (a = 2) to 10 × its maximum 2.5", () => expectClose(applyEdit(x, d0, 2, "clamp", 25), [15.8, 19.4, 0]));
  it("clamps to 0, which is ablation", () => {
    expectClose(applyEdit(x, d0, 2, "clamp", 0), [0.8, -0.6, 0]);
    expectClose(applyEdit(x, d0, 2, "ablate", 0), [0.8, -0.6, 0]);
  });
  it("clamps a silent feature to a negative value", () => expectClose(applyEdit(x, d1, 0, "clamp", -6), [2, 1, -6]));
  it("clamping to the value it has changes nothing", () => expect(applyEdit(x, d0, 2, "clamp", 2)).toEqual(x));
  it("adding is not clamping: the natural value stays", () => expectClose(applyEdit(x, d0, 2, "add", 25), [17, 21, 0]));
  it("in raw space r = x / s", () => expectClose(applyEdit([4, 2, 0], d0, 2 / 0.5, "clamp", 25 / 0.5), [31.6, 38.8, 0]));
});

it("scale by 1 is nothing, by 0 is ablation, and equals a clamp to the scaled value", () => {
  const number = fc.double({ min: -100, max: 100, noNaN: true });
  fc.assert(
    fc.property(fc.tuple(number, number, number), number, number, (vector, activation, factor) => {
      expectClose(applyEdit(vector, d0, activation, "scale", 1), vector);
      expectClose(applyEdit(vector, d0, activation, "scale", 0), applyEdit(vector, d0, activation, "ablate", 0));
      expectClose(applyEdit(vector, d0, activation, "scale", factor), applyEdit(vector, d0, activation, "clamp", factor * activation));
    }),
  );
});
