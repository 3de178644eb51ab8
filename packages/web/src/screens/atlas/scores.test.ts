import type { DictionaryManifest } from "@lexiscope/contract";
import { expect, test } from "vitest";
import { scoreNote, scoreRows } from "./scores.ts";

const metrics = { tokens: 100, fvu: 0.2, l0: 32, deltaCe: 0.2, ceClean: 3.3, cePatched: 3.5, deltaCeMeanAblation: 6 };

test("the dictionary stands between the model as it is and the baselines", () => {
  const rows = scoreRows({
    metrics,
    baselines: { random: { ...metrics, fvu: 0.7, deltaCe: 3 }, pca: { ...metrics, fvu: 0.55, deltaCe: 1.8 }, pcaComponents: 32 },
  });
  expect(rows.map(({ id }) => id)).toEqual(["clean", "dictionary", "pca", "random", "mean"]);
  expect(rows[1]?.gap).toBeCloseTo(0.2 / 6);
  expect(rows[3]?.gap).toBe(0.5);
  expect(rows[4]).toMatchObject({ fvu: 1, l0: 0, deltaCe: 6, gap: 1 });
  expect(rows[4]?.ce).toBeCloseTo(9.3);
});

test("what was not measured is not invented", () => {
  const rows = scoreRows({
    metrics: { ...metrics, deltaCe: null, ceClean: null, cePatched: null, deltaCeMeanAblation: null },
    baselines: { random: null, pca: null },
  });
  expect(rows.map(({ id }) => id)).toEqual(["clean", "dictionary"]);
  expect(rows[1]).toMatchObject({ fvu: 0.2, deltaCe: null, gap: null });
});

test("a dictionary that was trained elsewhere is silent on what it was scored on, not dead in training", () => {
  const own = { metrics: { ...metrics, ceTokens: 50 }, dead: { count: 16, windowTokens: 40_140 }, features: 4096 };
  expect(scoreNote({ ...own, baselines: { random: metrics, pca: metrics } })).toBe(
    "16 of 4,096, silent over the last 40,140 tokens of training. Measured on 100 tokens of held-out documents, CE on 50.",
  );
  const imported = { folder: "theirs" } as DictionaryManifest["imported"];
  expect(scoreNote({ ...own, metrics, baselines: { random: null, pca: null }, imported })).toBe(
    "16 of 4,096, on 40,140 tokens. Measured on 100 tokens of held-out documents. There are no baselines.",
  );
});
