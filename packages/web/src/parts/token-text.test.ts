import { expect, test } from "vitest";
import { isBytes, quotedToken, textDirection, tokenParts, visibleToken } from "./token-text.ts";

test("ordinary tokens stay as they are, their space too", () => {
  for (const text of [" fiscal", "naïve", " π", "مرحبا", "人", "👍🏽", "e\u0301"]) expect(visibleToken(text)).toBe(text);
});

test("what cannot be seen, and what turns its neighbours round, is shown by sign or code point", () => {
  expect(visibleToken("a\n\tb\r")).toBe("a⏎⇥b␍");
  expect(visibleToken("\u202eevil\u2066x\u061c")).toBe("⟨202e⟩evil⟨2066⟩x⟨61c⟩");
  expect(visibleToken("\u00ad\u200d\ufeff\u{e0041}")).toBe("⟨ad⟩⟨200d⟩⟨feff⟩⟨e0041⟩");
  expect(visibleToken("\u0000\u17b5\u180b")).toBe("⟨0⟩⟨17b5⟩⟨180b⟩");
});

test("marks do not attach to the token before them, nor pile up over other lines", () => {
  expect(visibleToken("\u0301x")).toBe("◌\u0301x");
  expect(visibleToken(`a${"\u0300".repeat(20)}b`)).toBe("a\u0300\u0300\u0300⟨+17 marks⟩b");
});

test("long gaps are counted", () => {
  expect(visibleToken(" ".repeat(12))).toBe(" ".repeat(12));
  expect(visibleToken(`${" ".repeat(60)}x`)).toBe(" ⟨60 spaces⟩ x");
});

test("bytes of a broken character are told from text", () => {
  expect(isBytes("\\xF0\\x9F")).toBe(true);
  expect(isBytes(" \\xF0")).toBe(true);
  expect(isBytes("\\x")).toBe(false);
  expect(isBytes("fiscal")).toBe(false);
});

test("in lists the outer spaces are seen", () => {
  expect(tokenParts("  a b ")).toEqual({ before: "␣␣", core: "a b", after: "␣" });
  expect(tokenParts(" ")).toEqual({ before: "␣", core: "", after: "" });
  expect(quotedToken(" fiscal\n")).toBe("‘␣fiscal⏎’");
});

test("tokens follow each other in the direction of most letters", () => {
  expect(textDirection(["The", " word", " مرحبا"])).toBe("ltr");
  expect(textDirection(["مر", "حبا", " بالعالم", " ok"])).toBe("rtl");
  expect(textDirection(["שלום"])).toBe("rtl");
  expect(textDirection(["123", " ."])).toBe("ltr");
  expect(textDirection([])).toBe("ltr");
});
