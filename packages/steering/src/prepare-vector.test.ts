import { beforeAll, describe, expect, it } from "vitest";
import { parseEdit } from "./parse-edit.ts";
import { prepareEdits } from "./prepare-edits.ts";
import { prepareVector } from "./prepare-vector.ts";
import { openTinySteering, tinySite, type TinySteering } from "./testing/tiny-steering.ts";
import type { VectorEdit } from "./types.ts";

let tiny: TinySteering;
let edit: VectorEdit;
beforeAll(async () => {
  tiny = await openTinySteering();
  edit = { op: "add", site: tinySite, vector: Array.from(tiny.direction(3), (v) => 2 * v), value: 3, unit: "vector", positions: "all" };
});

it("adds the vector as given, or its direction in median norms", () => {
  const asGiven = prepareVector(edit, tiny, {});
  const d3 = tiny.direction(3);
  asGiven.vector?.forEach((v, i) => expect(v).toBeCloseTo(6 * (d3[i] ?? 0), 5));
  const { medianNorm } = tiny.atlas.manifest.dictionary;
  const inNorms = prepareVector({ ...edit, unit: "norm", value: 0.5 }, tiny, {});
  inNorms.vector?.forEach((v, i) => expect(v).toBeCloseTo(0.5 * medianNorm * (d3[i] ?? 0), 4));
});

it("equals the same addition of the feature whose direction it is", async () => {
  const [feature, vector] = (await prepareEdits(tiny, [[parseEdit("add:3=6")], [edit]])).variants.map((list) => list[0]);
  vector?.vector?.forEach((v, i) => expect(v).toBeCloseTo(feature?.vector?.[i] ?? 0, 5));
  expect([vector?.site, vector?.keep, vector?.maxNorm]).toEqual([feature?.site, feature?.keep, feature?.maxNorm]);
});

it("reads base64 of little-endian f32", () => {
  const base64 = Buffer.from(Float32Array.from(edit.vector as number[]).buffer).toString("base64");
  expect(prepareVector({ ...edit, vector: base64 }, tiny, {}).vector).toEqual(prepareVector(edit, tiny, {}).vector);
});

it("needs no atlas, and leaves position 0 and special tokens alone without one", async () => {
  const { variants, warnings } = await prepareEdits({ model: tiny.model }, [[edit]]);
  expect(variants[0]?.[0]).toMatchObject({ keep: { skipPositionZero: true, skipSpecialTokens: true }, maxNorm: undefined });
  expect(warnings).toEqual([]);
});

describe("refuses", () => {
  it.each<[string, Partial<VectorEdit>, string, RegExp]>([
    ["project_out", { op: "project_out" }, "unsupported", /project_out is not offered/],
    ["a site that the model lacks", { site: "blocks.9.hook_resid_post" }, "invalid_input", /blocks 0 to 1/],
    ["another width", { vector: [1, 2] }, "invalid_input", /2 values; the model's width is/],
    ["bytes that are no f32", { vector: "AAAAAAA=" }, "invalid_input", /5 bytes/],
    ["a value that is not finite", { value: Number.NaN }, "invalid_input", /not a finite number/],
    ["too much", { value: 1e30 }, "invalid_input", /would overflow/],
    [
      "norms at a site without an atlas",
      { unit: "norm", site: "blocks.1.hook_resid_post" },
      "invalid_input",
      /needs an atlas for this site/,
    ],
  ])("%s", (_, change, code, message) => {
    expect(() => prepareVector({ ...edit, ...change }, tiny, {})).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
  it("a vector with a hole, and the direction of nothing", () => {
    const d = tiny.model.architecture.d;
    expect(() => prepareVector({ ...edit, vector: new Array<number>(d).fill(1e39) }, tiny, {})).toThrow(/not finite/);
    expect(() => prepareVector({ ...edit, unit: "norm", vector: new Array<number>(d).fill(0) }, tiny, {})).toThrow(/no direction/);
  });
});
