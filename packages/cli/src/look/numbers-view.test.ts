import { expect, test } from "vitest";
import { createColors } from "../colors.ts";
import { numbersView } from "./numbers-view.ts";

const metrics = { tokens: 14_000, ceTokens: 3800, fvu: 0.2345, l0: 32, deltaCe: 0.25, ceClean: 3, cePatched: 3.25, deltaCeMeanAblation: 5 };

test("a dictionary stands beside its baselines, every number with its formula", () => {
  const view = numbersView(
    {
      metrics,
      baselines: { random: { ...metrics, fvu: 0.6, deltaCe: 1.5 }, pca: null },
      dead: { count: 41, windowTokens: 60_000 },
      features: 4096,
    },
    createColors(false),
  );
  expect(view.split("\n")).toEqual([
    "                     L0    FVU  ΔCE, nats  CE recovered",
    "this dictionary    32.0  0.234      0.250        95.0 %",
    "random dictionary  32.0  0.600      1.500        70.0 %",
    "41 of 4096 features are dead (1.0 %): silent for the last 60k tokens of training.",
    "On 14k held-out tokens: FVU = Σ‖x−x̂‖² / Σ‖x−x̄‖² about the mean, L0 = features on per token.",
    "On 3800 of them: ΔCE = loss with x̂ in place of x, minus clean (3.000); recovered = share of the 5.00 nats that the mean in place of x costs.",
  ]);
});

test("a ΔCE that was not taken is shown as such", () => {
  const none = { ...metrics, deltaCe: null, ceClean: null, cePatched: null, deltaCeMeanAblation: null };
  expect(
    numbersView(
      { metrics: none, baselines: { random: null, pca: null }, dead: { count: 0, windowTokens: 1 }, features: 8 },
      createColors(false),
    ),
  ).toContain("this dictionary  32.0  0.234          –             –");
});
