import fc from "fast-check";
import { expect, it } from "vitest";
import { formatEdit, parseEdit } from "./parse-edit.ts";
import type { Edit } from "./types.ts";

it("reads every operation, unit and position", () => {
  expect(parseEdit("clamp:1234=8x")).toEqual({ op: "clamp", feature: 1234, value: 8, unit: "max", positions: "all" });
  expect(parseEdit("clamp:1234=25")).toEqual({ op: "clamp", feature: 1234, value: 25, unit: "activation", positions: "all" });
  expect(parseEdit("clamp:1234=0.5n@prompt")).toEqual({ op: "clamp", feature: 1234, value: 0.5, unit: "norm", positions: "prompt" });
  expect(parseEdit("add:7=-2.5x@generated")).toEqual({ op: "add", feature: 7, value: -2.5, unit: "max", positions: "generated" });
  expect(parseEdit("scale:0=3@10-20")).toEqual({ op: "scale", feature: 0, value: 3, unit: "activation", positions: { from: 10, to: 20 } });
  expect(parseEdit("scale:0=3@10-").positions).toEqual({ from: 10 });
  expect(parseEdit("ablate:0@user").positions).toEqual({ roles: ["user"] });
  expect(parseEdit("ablate:0@system, assistant").positions).toEqual({ roles: ["system", "assistant"] });
  expect(parseEdit(" ablate:9@all ")).toEqual({ op: "ablate", feature: 9, value: 0, unit: "activation", positions: "all" });
  expect(parseEdit("clamp:1=-0")).toEqual({ op: "clamp", feature: 1, value: 0, unit: "activation", positions: "all" });
});

it.each([
  ["", "op:feature=value"],
  ["1234=8x", "op:feature=value"],
  ["boost:1234=8x", '"boost" is no operation'],
  ["clamp:=8x", "no feature number"],
  ["clamp:-1=8x", "no feature number"],
  ["clamp:1.5=8x", "no feature number"],
  ["clamp:99999999999=8x", "no feature number"],
  ["clamp:1234", "clamp needs a value: clamp:1234=8x"],
  ["scale:1234", "scale needs a value: scale:1234=3"],
  ["clamp:1234=", "no number"],
  ["clamp:1234=NaN", "no number"],
  ["clamp:1234=Infinity", "no number"],
  ["clamp:1234=1e39", "not a finite number"],
  ["clamp:1234=8y", "no number"],
  ["clamp:1234=8=9", "no number"],
  ["scale:1234=3x", "plain factor"],
  ["ablate:1234=0", "ablate takes no value"],
  ["clamp:1234=8x@answer", "no positions"],
  ["clamp:1234=8x@20-10", "no positions"],
  ["clamp:1234=8x@5-5", "no positions"],
  ["clamp:1234=8x@-5", "no positions"],
  ["clamp:1234=8x@99999999-", "no positions"],
  ["clamp:1234=8x@user,robot", "no positions"],
  ["clamp:1234=8x@1@2", "more than one @"],
])("refuses %j and shows how to write it", (text, message) => {
  expect(() => parseEdit(text)).toThrow(
    expect.objectContaining({
      code: "invalid_input",
      message: expect.stringContaining(message),
      hint: expect.stringContaining("clamp:1234=8x"),
    }),
  );
});

const value = fc.double({ min: -1e30, max: 1e30, noNaN: true }).map((v) => v + 0);
const positions: fc.Arbitrary<Edit["positions"]> = fc.oneof(
  fc.constantFrom<Edit["positions"]>("all", "prompt", "generated"),
  fc.tuple(fc.nat(1e6), fc.integer({ min: 1, max: 1e6 })).map(([from, length]) => ({ from, to: from + length })),
  fc.nat(1e6).map((from) => ({ from })),
  fc
    .array(fc.constantFrom("system" as const, "user" as const, "assistant" as const), { minLength: 1, maxLength: 3 })
    .map((roles) => ({ roles })),
);
const feature = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    op: fc.constantFrom<Edit["op"]>("clamp", "add"),
    feature,
    value,
    unit: fc.constantFrom<Edit["unit"]>("max", "activation", "norm"),
    positions,
  }),
  fc.record({ op: fc.constant<Edit["op"]>("scale"), feature, value, unit: fc.constant<Edit["unit"]>("activation"), positions }),
  fc.record({
    op: fc.constant<Edit["op"]>("ablate"),
    feature,
    value: fc.constant(0),
    unit: fc.constant<Edit["unit"]>("activation"),
    positions,
  }),
);

it("reads back what it prints", () => {
  fc.assert(
    fc.property(edit, (e) => {
      expect(parseEdit(formatEdit(e))).toEqual(e);
    }),
  );
});

it("names an edit along a vector by its site", () => {
  expect(formatEdit({ op: "add", site: "blocks.1.hook_resid_post", vector: [1], value: 2, unit: "norm", positions: { from: 3 } })).toBe(
    "add:vector at blocks.1.hook_resid_post=2n@3-",
  );
});

it("reads any text as an edit or refuses it by name", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(clamp|add|scale|ablate):\d*(=[-\d.enx]*)?(@[\w-]*)?$/)), (text) => {
      try {
        expect(parseEdit(formatEdit(parseEdit(text)))).toEqual(parseEdit(text));
      } catch (error) {
        expect(error).toMatchObject({ code: "invalid_input", field: "edit" });
      }
    }),
  );
});
