import type { InspectResponse } from "@lexiscope/contract";
import { expect, test } from "vitest";
import { largestShares, rankFeatures } from "./rank-features.ts";

type Token = InspectResponse["tokens"][number];

function token(...features: [index: number, share: number | null][]): Token {
  return {
    id: 0,
    text: "t",
    position: 1,
    leftOut: null,
    error: 0.1,
    active: features.length,
    features: features.map(([index, share]) => ({ index, share, activation: 1, topToken: `t${index}` })),
  };
}

const tokens = [token(), token([7, 0.5], [3, 0.4]), token([3, 0.6], [9, null]), token([3, 0.2], [7, 0.5])];

test("ranked by the largest share, with the token where it is", () => {
  expect(rankFeatures(tokens, "share").map(({ index, share, at, tokens: on }) => [index, share, at, on])).toEqual([
    [3, 0.6, 2, 3],
    [7, 0.5, 1, 2],
    [9, 0, 2, 1],
  ]);
});

test("ranked by the sum of shares", () => {
  const [first, second] = rankFeatures(tokens, "sum");
  expect(first).toMatchObject({ index: 3 });
  expect(first?.sum).toBeCloseTo(1.2);
  expect(second).toMatchObject({ index: 7, sum: 1 });
});

test("each token's largest share; 0 where nothing fires", () => {
  expect(largestShares(tokens)).toEqual([0, 0.5, 0.6, 0.5]);
});
