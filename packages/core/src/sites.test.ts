import { expect, it } from "vitest";
import fc from "fast-check";
import { parseSite, siteKinds } from "./sites.ts";

it("parses every kind of site at every layer", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9999 }), fc.constantFrom(...siteKinds), (layer, kind) => {
      expect(parseSite(`blocks.${layer}.${kind}`)).toEqual({ name: `blocks.${layer}.${kind}`, layer, kind });
    }),
  );
});

it("refuses what is no site, and blocks that the model lacks", () => {
  for (const bad of ["", "blocks.1", "blocks.-1.hook_resid_post", "blocks.1.hook_nothing", "layers.1", "blocks.1.hook_resid_post "]) {
    expect(() => parseSite(bad)).toThrow(/is not a site/);
  }
  expect(() => parseSite("blocks.30.hook_resid_post", 30)).toThrow(/blocks 0 to 29/);
  expect(parseSite("blocks.29.hook_resid_post", 30).layer).toBe(29);
});
