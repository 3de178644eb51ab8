import fc from "fast-check";
import { expect, it } from "vitest";
import { safeText, visibleText } from "./visible-text.ts";

it("writes control characters out", () => {
  expect(visibleText("a\nb\tc")).toBe("a↵b→c");
  expect(visibleText("\x1b[31mred\x07\x9b2J")).toBe("\\x1b[31mred\\x07\\x9b2J");
  expect(visibleText("left\u202Eright\u2028")).toBe("left\\u202eright\\u2028");
  expect(safeText("a\nb\tc\r\x1b[2J")).toBe("a\nb\tc\\x0d\\x1b[2J");
});

it("leaves every other character as it is", () => {
  expect(visibleText("naïve 你好 🦉 «»")).toBe("naïve 你好 🦉 «»");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(visibleText(text)).not.toMatch(/\p{Cc}/u);
      expect(safeText(text)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    }),
  );
});
