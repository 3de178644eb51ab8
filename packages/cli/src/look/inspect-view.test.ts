import type { InspectResult } from "@lexiscope/contract";
import { expect, it } from "vitest";
import { createColors } from "../colors.ts";
import { inspectView } from "./inspect-view.ts";

it("gives every token a line, and says which are left out", () => {
  const result: InspectResult = {
    model: "m",
    cpuPath: "portable",
    atlas: "demo",
    site: "blocks.15.hook_resid_post",
    tokens: [
      { id: 1, text: "The", position: 0, leftOut: "position 0", error: null, active: 0, features: [] },
      {
        id: 2,
        text: " bridge\n",
        position: 1,
        leftOut: null,
        error: 0.2514,
        active: 2,
        features: [
          { index: 42, activation: 10.5, share: 0.854, topToken: " bridge" },
          { index: 7, activation: 3, share: 0.1, topToken: " river" },
        ],
      },
    ],
  };
  expect(inspectView(result, createColors(false)).split("\n")).toEqual([
    "token · error share · features: number, token at the peak, activation, share of the maximum",
    "0  ‘The’               left out: position 0",
    "1  ‘ bridge↵’  25.1 %  42 ‘ bridge’ 10.5 85 %  7 ‘ river’ 3 10 %",
  ]);
});
