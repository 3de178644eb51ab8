import { beforeAll, describe, expect, it } from "vitest";
import { parseEdit } from "./parse-edit.ts";
import { prepareEdits } from "./prepare-edits.ts";
import { openTinySteering, tinySite, type TinySteering } from "./testing/tiny-steering.ts";
import type { EditSource } from "./types.ts";

let tiny: TinySteering;
let alive: number;
let silent: number;
beforeAll(async () => {
  tiny = await openTinySteering();
  const features = Array.from({ length: 64 }, (_, i) => i);
  alive = features.find((i) => tiny.atlas.summary(i).maximum > 0) ?? -1;
  silent = features.find((i) => tiny.atlas.summary(i).maximum === 0) ?? -1;
});

const prepare = (edits: string[], atlas: EditSource = tiny.atlas, options = {}): ReturnType<typeof prepareEdits> =>
  prepareEdits({ model: tiny.model, atlas }, [edits.map(parseEdit)], options);

/** The atlas with something else in its dictionary's manifest. */
function changed(change: Partial<EditSource["manifest"]["dictionary"]>): EditSource {
  return { ...tiny.atlas, manifest: { dictionary: { ...tiny.atlas.manifest.dictionary, ...change } } };
}

describe("units", () => {
  it("of maxima, norms and activations become activation units; a factor stays one", async () => {
    const { maximum } = tiny.atlas.summary(alive);
    const { medianNorm } = tiny.atlas.manifest.dictionary;
    const { variants, warnings } = await prepare([`clamp:${alive}=8x`, `add:${alive}=0.5n`, `add:${alive}=-3`]);
    expect(variants[0]?.map(({ value }) => value)).toEqual([8 * maximum, 0.5 * medianNorm, -3]);
    expect((await prepare([`scale:${alive}=3`])).variants[0]?.[0]?.value).toBe(3);
    expect(warnings).toEqual([]);
  });
  it("make of an addition the vector value·d̂", async () => {
    const [edit] = (await prepare([`add:${alive}=-3`])).variants[0] ?? [];
    expect(edit?.vector).toEqual(tiny.direction(alive).map((v) => v * -3));
    expect(edit?.dictionary).toBeUndefined();
    expect(edit?.site).toBe(tinySite);
  });
  it("of a maximum mean nothing for a feature that never fired", async () => {
    expect(silent).toBeGreaterThanOrEqual(0);
    await expect(prepare([`clamp:${silent}=8x`])).rejects.toMatchObject({
      code: "invalid_input",
      hint: expect.stringContaining(`clamp:${silent}=0.5n`),
    });
    await expect(prepare([`clamp:${silent}=8`])).resolves.toBeDefined();
  });
});

it("keeps to the dictionary's rule, and to none when edits go everywhere", async () => {
  const [kept] = (await prepare([`ablate:${alive}`])).variants[0] ?? [];
  expect(kept?.keep).toMatchObject({ skipPositionZero: true, skipSpecialTokens: true });
  expect(kept?.maxNorm).toBe(10 * tiny.atlas.manifest.dictionary.medianNorm);
  const [everywhere] = (await prepare([`ablate:${alive}`], tiny.atlas, { editEverywhere: true })).variants[0] ?? [];
  expect(everywhere?.keep).toEqual({ skipPositionZero: false, skipSpecialTokens: false });
  expect(everywhere?.maxNorm).toBeUndefined();
});

describe("refuses", () => {
  it("edits without an atlas, and needs none without edits", async () => {
    await expect(prepareEdits({ model: tiny.model }, [[parseEdit("ablate:1")]])).rejects.toMatchObject({
      code: "invalid_input",
      field: "atlas",
    });
    expect(await prepareEdits({ model: tiny.model }, [[], []])).toEqual({ variants: [[], []], warnings: [] });
  });
  it("a feature that is not there, and says which are", async () => {
    await expect(prepare(["ablate:64"])).rejects.toMatchObject({
      code: "invalid_input",
      message: "ablate:64: the atlas has features 0 to 63",
    });
  });
  it.each(["clamp:1=3e38", "add:1=-1e7n", "scale:1=1e7"])("%s, which overflows", async (text) => {
    await expect(prepare([text])).rejects.toMatchObject({ code: "invalid_input", message: expect.stringContaining("would overflow") });
  });
  it("NaN, which only a program can send", async () => {
    await expect(prepareEdits(tiny, [[{ ...parseEdit("clamp:1=1"), value: Number.NaN }]])).rejects.toMatchObject({ code: "invalid_input" });
  });
  it.each([
    ["clamp:1=2", "ablate:1"],
    ["clamp:1=2@prompt", "scale:1=2@0-4"],
    ["clamp:1=2@0-4", "clamp:1=3@3-5"],
  ])("%s with %s, which set one feature at the same tokens", async (first, second) => {
    await expect(prepare([first, second])).rejects.toMatchObject({
      code: "invalid_input",
      message: `${first} and ${second} both set feature 1 at the same tokens`,
    });
  });
  it.each([
    ["clamp:1=2@prompt", "ablate:1@generated"],
    ["clamp:1=2@0-4", "clamp:1=3@4-5"],
    ["clamp:1=2", "add:1=2"],
    ["clamp:1=2", "clamp:2=2"],
  ])("but not %s with %s", async (first, second) => {
    expect((await prepare([first, second])).variants[0]).toHaveLength(2);
  });
});

describe("a dictionary for another model", () => {
  const made = (): EditSource["manifest"]["dictionary"]["model"] => ({
    ...tiny.atlas.manifest.dictionary.model,
    weightsHash: "0".repeat(64),
  });
  it("of another shape is a mismatch", async () => {
    await expect(prepare(["ablate:1"], changed({ model: { ...made(), d: 64 } }), { allowOtherModel: true })).rejects.toMatchObject({
      code: "mismatch",
      message: expect.stringMatching(/made for tiny \(width 64/),
    });
  });
  it("of other weights is a warning that says how far they differ", async () => {
    const atlas = { ...changed({ model: made() }), drift: () => Promise.resolve(0.0712) };
    const { warnings } = await prepare(["ablate:1"], atlas);
    expect(warnings).toEqual([expect.stringMatching(/000000000000.*other weights of the same model.*differ by 7\.1 % \(median\)/)]);
  });
  it("of another name is a mismatch, or a warning when it is allowed", async () => {
    const atlas = changed({ model: { ...made(), name: "other" } });
    await expect(prepare(["ablate:1"], atlas)).rejects.toMatchObject({ code: "mismatch", hint: expect.stringContaining("--other-model") });
    expect((await prepare(["ablate:1"], atlas, { allowOtherModel: true })).warnings).toEqual([
      expect.stringContaining("another model of the same shape"),
    ]);
  });
  it("for a block that the model lacks is refused by name", async () => {
    await expect(prepare(["ablate:1"], changed({ site: "blocks.9.hook_resid_post" }))).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("blocks 0 to 1"),
    });
  });
  it("whose median norm is nonsense is a bad file", async () => {
    await expect(prepare(["ablate:1"], changed({ medianNorm: Number.NaN }))).rejects.toMatchObject({
      code: "bad_file",
      field: "medianNorm",
    });
  });
});
