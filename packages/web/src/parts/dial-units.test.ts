import { expect, it } from "vitest";
import { convert, inForce, lacksMaximum, newDial, otherUnits, sliderRange, withOp, withUnit } from "./dial-units.ts";

const scales = { maximum: 60, medianNorm: 180 };
const unknown = { maximum: null, medianNorm: null };
const { edit } = newDial(7);

it("spans what suits the operation, in the unit that is chosen", () => {
  expect(sliderRange({ op: "clamp", unit: "max" }, scales)).toEqual({ min: -2, max: 10, step: 0.05, marks: [0, 1] });
  expect(sliderRange({ op: "clamp", unit: "activation" }, scales)).toEqual({ min: -120, max: 600, step: 5, marks: [0, 60] });
  expect(sliderRange({ op: "add", unit: "norm" }, scales)).toEqual({ min: -1, max: 1, step: 0.01, marks: [0] });
  expect(sliderRange({ op: "add", unit: "max" }, scales)).toEqual({ min: -3, max: 3, step: 0.02, marks: [0] });
  expect(sliderRange({ op: "scale", unit: "activation" }, scales)).toEqual({ min: 0, max: 5, step: 0.02, marks: [0, 1] });
  expect(sliderRange({ op: "ablate", unit: "activation" }, scales)).toBeNull();
});

it("says a strength in the other units as far as they are known", () => {
  expect(otherUnits({ ...edit, value: 3 }, scales)).toEqual([
    { unit: "norm", value: 1 },
    { unit: "activation", value: 180 },
  ]);
  expect(otherUnits(edit, unknown)).toEqual([]);
  expect(otherUnits(withOp(edit, "scale"), scales)).toEqual([]);
});

it("keeps the strength when the unit changes, and takes a default when the operation does", () => {
  expect(withUnit({ ...edit, value: 3 }, "norm", scales)).toMatchObject({ value: 1, unit: "norm" });
  expect(withUnit({ ...edit, value: 3 }, "norm", unknown)).toMatchObject({ value: 3, unit: "norm" });
  expect(withOp(edit, "add")).toMatchObject({ op: "add", value: 0.3, unit: "norm" });
  expect(withOp(edit, "ablate")).toMatchObject({ op: "ablate", value: 0, unit: "activation" });
});

it("never divides by a maximum of 0", () => {
  expect(convert(5, "activation", "max", { maximum: 0, medianNorm: 1 })).toBeNull();
});

it("offers a feature that never fired in norms", () => {
  expect(newDial(7, 0).edit).toMatchObject({ op: "add", unit: "norm" });
  expect(newDial(7, 12).edit).toMatchObject({ op: "clamp", unit: "max" });
  expect([lacksMaximum(edit, { maximum: 0 }), lacksMaximum(edit, scales), lacksMaximum(withOp(edit, "add"), { maximum: 0 })]).toEqual([
    true,
    false,
    false,
  ]);
});

it("leaves muted edits out", () => {
  expect(inForce([newDial(1), { ...newDial(2), muted: true }]).map(({ feature }) => feature)).toEqual([1]);
});
