import type { FeatureResult } from "@lexiscope/contract";
import { expect, it } from "vitest";
import { createColors } from "../colors.ts";
import { featureView } from "./feature-view.ts";

const plain = { colors: createColors(false), intervals: 2, strongest: 5, perInterval: 1, before: 2, after: 1 };

const example = (interval: number, words: [string, number][], peak: number, repeat = false): FeatureResult["examples"][number] => ({
  interval,
  peak,
  document: 3,
  start: 0,
  repeat,
  tokens: words.map(([text, activation], id) => ({ id, text, activation })),
});

const bridge: [string, number][] = [
  ["We", 0],
  [" saw", 0],
  [" the", 0],
  [" bridge", 12.3456],
  [" and", 0],
  [" more", 0],
];

const feature: FeatureResult = {
  atlas: "demo",
  site: "blocks.15.hook_resid_post",
  index: 42,
  density: 0.00123,
  fired: 369,
  maximum: 12.3456,
  mean: 4.5,
  topToken: " bridge",
  histogram: { counts: [300, 60, 8, 1], width: 3.0864 },
  tokens: [{ id: 4, text: " bridge", npmi: 0.7, count: 300 }],
  top: [{ id: 1, text: " span", value: 1.25 }],
  bottom: [{ id: 2, text: "\n", value: -0.5 }],
  neighbours: [{ index: 7, cosine: 0.61, topToken: " river" }],
  coactive: [{ index: 9, npmi: 0.4, count: 30, topToken: " water" }],
  examples: [
    example(-1, bridge, 3),
    example(-1, bridge, 3, true),
    example(1, bridge, 3),
    example(0, [["a", 3]], 0),
    example(0, [["b", 2]], 0),
  ],
};

it("shows every section, groups by interval from the strongest, leaves repeats out", () => {
  expect(featureView(feature, plain)).toBe(
    [
      "demo/42  blocks.15.hook_resid_post",
      "fires on 369 tokens (0.123 %), largest activation 12.35, mean when on 4.5",
      "",
      "activations  (log counts)",
      "  0 █▆▃▁ 12.35",
      "",
      "output tokens  (direct logit effect)",
      "  up    ‘ span’ +1.25",
      "  down  ‘↵’ −0.50",
      "",
      "fires on  (NPMI)",
      "  ‘ bridge’ 0.70",
      "",
      "neighbours  (cosine)",
      "  7 ‘ river’ 0.61",
      "",
      "fires with  (NPMI)",
      "  9 ‘ water’ 0.40",
      "",
      "strongest",
      "    12.35  … saw the «bridge» and…",
      "",
      "from 6.173 to 12.35",
      "    12.35  … saw the «bridge» and…",
      "",
      "from 0 to 6.173",
      "        3  «a»",
    ].join("\n"),
  );
});

it("says so when a feature never fired", () => {
  expect(featureView({ ...feature, fired: 0 }, plain)).toContain("never fired");
});
