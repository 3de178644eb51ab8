import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeTinyModel } from "@lexiscope/activations/testing";
import { finish } from "@lexiscope/core";
import { openModel } from "@lexiscope/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildAtlas, type Atlas } from "./index.ts";
import { makeTinyChain, type TinyChain } from "./testing/tiny-atlas.ts";

let chain: TinyChain;
let atlas: Atlas;
beforeAll(async () => {
  chain = await makeTinyChain();
  atlas = await finish(buildAtlas({ ...chain, out: join(chain.folder, "atlas") }));
}, 120_000);
afterAll(async () => {
  atlas?.close();
  await rm(chain.folder, { recursive: true });
});

test("the atlas's own model has no drift, another of the same shape has all of it", async () => {
  expect(await atlas.drift(chain.model)).toBeLessThan(1e-3);
  const other = await openModel(await writeTinyModel(join(chain.folder, "other"), 99), { dtype: "f32" });
  expect(await atlas.drift(other)).toBeGreaterThan(0.5);
});
