import { expect, test } from "vitest";
import { artefactName, safeName, shortCount } from "./names.ts";

test("a name says model, sites and tokens", () => {
  expect(artefactName("smollm2-135m-instruct", ["blocks.15.hook_resid_post"], 300_000)).toBe("smollm2-135m-instruct-15-resid-post-300k");
  expect(artefactName("/models/My Model.gguf", ["blocks.7.hook_mlp_out", "blocks.8.hook_resid_pre"], 2_000_000)).toBe(
    "My-Model-7-mlp-out+8-resid-pre-2m",
  );
});

test("names never climb out of a shelf", () => {
  for (const name of ["../..", "..", "/", "a/../..", "\\..\\", "…"]) expect(safeName(name)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/);
});

test("counts keep every digit that matters", () => {
  expect([300_000, 1500, 2_000, 1e9, 1_234_567].map(shortCount)).toEqual(["300k", "1500", "2k", "1g", "1234567"]);
});
