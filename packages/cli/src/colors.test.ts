import { expect, test } from "vitest";
import { createColors, wantsColors } from "./colors.ts";

test("without colours text comes back as it went in", () => {
  const colors = createColors(false);
  expect([colors.bold("a"), colors.shade("b", 1), colors.red("c")]).toEqual(["a", "b", "c"]);
});

test("with colours a stronger token has another background; none has none", () => {
  const colors = createColors(true);
  expect(colors.bold("a")).toBe("\x1b[1ma\x1b[22m");
  expect(colors.shade("b", 0)).toBe("b");
  expect(colors.shade("b", 0.01)).not.toBe(colors.shade("b", 1));
});

test("only a terminal gets colours, and NO_COLOR wins", () => {
  const terminal = { isTTY: true, hasColors: () => true } as unknown as NodeJS.WriteStream;
  expect(wantsColors(terminal, {})).toBe(true);
  expect(wantsColors(terminal, { NO_COLOR: "1" })).toBe(false);
  expect(wantsColors({ isTTY: false, hasColors: () => true } as unknown as NodeJS.WriteStream, {})).toBe(false);
});
