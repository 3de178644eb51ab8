import fc from "fast-check";
import { expect, it } from "vitest";
import { formatEditText, parseEditText } from "./edit-text.ts";
import { type Edit, type EditPositions, editSchema } from "./edits.ts";

it("reads every operation, unit and position", () => {
  const edit = (text: string): unknown => {
    const result = parseEditText(text);
    return result.ok ? result.edit : result.problem;
  };
  expect(edit("clamp:1234=8x")).toEqual({ op: "clamp", feature: 1234, value: 8, unit: "max", positions: "all" });
  expect(edit("clamp:1234=0.5n@prompt")).toEqual({ op: "clamp", feature: 1234, value: 0.5, unit: "norm", positions: "prompt" });
  expect(edit("add:7=-2.5x@generated")).toEqual({ op: "add", feature: 7, value: -2.5, unit: "max", positions: "generated" });
  expect(edit("scale:0=3@10-20")).toEqual({ op: "scale", feature: 0, value: 3, unit: "activation", positions: { from: 10, to: 20 } });
  expect(edit("scale:0=3@10-")).toEqual({ op: "scale", feature: 0, value: 3, unit: "activation", positions: { from: 10 } });
  expect(edit(" ablate:9@user, assistant ")).toEqual({
    op: "ablate",
    feature: 9,
    value: 0,
    unit: "activation",
    positions: { roles: ["user", "assistant"] },
  });
});

it.each([
  ["clamp:1=2x@5-5", "no positions"],
  ["clamp:1=2x@-5", "no positions"],
  ["clamp:1=2x@user,", "no positions"],
  ["clamp:1=2x@tool", "no positions"],
  ["clamp:1", "needs a value"],
  ["scale:1=2x", "plain factor"],
  ["ablate:1=0", "takes no value"],
  ["clamp:1=1e39", "not a finite number"],
])("refuses %j and says why", (text, problem) => {
  expect(parseEditText(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
});

const positions: fc.Arbitrary<EditPositions> = fc.oneof(
  fc.constantFrom<EditPositions>("all", "prompt", "generated"),
  fc.tuple(fc.nat(1e6), fc.integer({ min: 1, max: 1e6 })).map(([from, length]) => ({ from, to: from + length })),
  fc.nat(1e6).map((from) => ({ from })),
  fc.array(fc.constantFrom("system", "user", "assistant"), { minLength: 1 }).map((roles) => ({ roles })),
);
const edits: fc.Arbitrary<Edit> = fc.record({
  op: fc.constantFrom<Edit["op"]>("clamp", "add"),
  feature: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  value: fc.double({ min: -1e30, max: 1e30, noNaN: true }).map((v) => v + 0),
  unit: fc.constantFrom<Edit["unit"]>("max", "activation", "norm"),
  positions,
});

it("reads back what it prints, and what it reads the schema accepts", () => {
  fc.assert(
    fc.property(edits, (edit) => {
      expect(parseEditText(formatEditText(edit))).toEqual({ ok: true, edit });
      expect(editSchema.safeParse(edit).success).toBe(true);
    }),
  );
});

it("never throws, whatever is typed", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(clamp|add|scale|ablate):\d*(=[-\d.enx]*)?(@[\w,-]*)?$/)), (text) => {
      const result = parseEditText(text);
      if (result.ok) expect(parseEditText(formatEditText(result.edit))).toEqual(result);
    }),
  );
});

it("a long text is refused at once, and shortly", () => {
  const started = process.cpuUsage();
  for (const text of [
    `clamp:1=${"1".repeat(300_000)}!`,
    `clamp:1=${" ".repeat(300_000)}!`,
    "@".repeat(300_000),
    `${"x".repeat(300_000)}:`,
  ]) {
    const result = parseEditText(text);
    expect(result.ok ? "" : result.problem).toBe("an edit has at most 500 characters");
  }
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(500);
});
