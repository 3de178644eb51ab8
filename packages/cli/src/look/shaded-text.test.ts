import { expect, it } from "vitest";
import { createColors } from "../colors.ts";
import { shadedText, windowAround } from "./shaded-text.ts";

const tokens = [
  { text: "The", activation: 0 },
  { text: " Golden", activation: 8 },
  { text: " Gate", activation: 10 },
  { text: " is", activation: 2 },
  { text: "\x1b[2J", activation: 6 },
];

it("marks the strongest tokens without colours, control characters written out", () => {
  expect(shadedText(tokens, 10, createColors(false))).toBe("The «Golden Gate» is«\\x1b[2J»");
});

it("marks nothing where the feature is silent", () => {
  expect(shadedText([{ text: "a", activation: 0 }], 10, createColors(false))).toBe("a");
});

it("shades each token by its share of the maximum", () => {
  const line = shadedText(tokens, 10, createColors(true));
  expect(line.startsWith("The\x1b[48;5;")).toBe(true);
  const backgrounds = [...line.matchAll(/48;5;(\d+)/g)].map((match) => match[1]);
  expect(backgrounds).toHaveLength(4);
  expect(new Set(backgrounds).size).toBe(4);
  expect(line).toContain("\\x1b[2J");
});

it("cuts a window around the peak and says where", () => {
  expect(windowAround([0, 1, 2, 3, 4, 5], 3, 2, 1)).toEqual({ tokens: [1, 2, 3, 4], cutBefore: true, cutAfter: true });
  expect(windowAround([0, 1], 0, 9, 9)).toEqual({ tokens: [0, 1], cutBefore: false, cutAfter: false });
});
