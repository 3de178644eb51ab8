import { expect, test } from "vitest";
import { temporaryFolder, writeStore } from "@lexiscope/activations/testing";
import { nativeDictionary } from "./native-dictionary.ts";
import { loadHeldOut, reconstructionMetrics } from "./held-out.ts";

const site = "blocks.0.hook_resid_post";

test("whole held-out contexts until there are enough rows, with their own mean", async () => {
  const contexts = Array.from({ length: 6 }, (_, c) => ({
    rows: Float32Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? c : 1)),
    heldOut: c % 2 === 1,
  }));
  const store = await writeStore(await temporaryFolder(), { contexts, d: 2, perShard: 2 });
  expect(await loadHeldOut(store, site, 5)).toMatchObject({ d: 2, n: 8, mean: Float32Array.of(2, 1) });
  expect((await loadHeldOut(store, site, 1000)).mean).toEqual(Float32Array.of(3, 1));
});

test("a store without held-out documents says how to get some", async () => {
  const store = await writeStore(await temporaryFolder(), {
    contexts: [{ rows: Float32Array.of(1, 2), heldOut: false }],
    d: 2,
    perShard: 1,
  });
  await expect(loadHeldOut(store, site, 10)).rejects.toMatchObject({
    code: "invalid_input",
    hint: expect.stringContaining("several documents"),
  });
});

test("F6: FVU about the mean and L0", async () => {
  // x̂ = max(0, x·e_i) e_i of x rows [−1, 0], [0, 2], [1, 1] with the two axes as features and no bias.
  const contexts = [{ rows: Float32Array.of(-1, 0, 0, 2, 1, 1), heldOut: true }];
  const store = await writeStore(await temporaryFolder(), {
    contexts: [...contexts, { rows: Float32Array.of(1, 1), heldOut: false }],
    d: 2,
    perShard: 2,
  });
  const identity = Float32Array.of(1, 0, 0, 1);
  const dictionary = await nativeDictionary(
    { encoder: identity, encoderBias: new Float32Array(2), decoder: identity, decoderBias: new Float32Array(2) },
    { d: 2, features: 2, activation: { kind: "topk", k: 2 } },
    undefined,
  );
  const metrics = await reconstructionMetrics(dictionary, await loadHeldOut(store, site, 10), undefined);
  // Only −1 is lost: 1 of Σ‖x − x̄‖² = 4, as in the fixture's data; one, then two features are on.
  expect(metrics).toMatchObject({ tokens: 3, l0: 1 });
  expect(metrics.fvu).toBeCloseTo(0.25, 6);
});
