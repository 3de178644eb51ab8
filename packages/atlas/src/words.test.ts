import { expect, test } from "vitest";
import { foldWord, peakWords, wordsOf } from "./words.ts";

test("words are compared without case, accents and plural endings", () => {
  expect(wordsOf("The Cities' CAFÉS, its glass; naïve 1990s bus-stops")).toEqual([
    "the",
    "city",
    "cafe",
    "its",
    "glass",
    "naive",
    "1990",
    "bus",
    "stop",
  ]);
  expect(["taxes", "churches", "horses", "analysis", "this", "songs", "as", "ﬁre"].map(foldWord)).toEqual([
    "tax",
    "church",
    "horse",
    "analysis",
    "this",
    "song",
    "as",
    "fire",
  ]);
});

test("the peak's word is put together from its tokens", () => {
  const tokens = ["I", " saw", " Sch", "önb", "runn", ",", " and", " left"];
  expect(peakWords(tokens, 3).peak).toBe("schonbrunn");
  expect(peakWords(tokens, 4).peak).toBe("schonbrunn");
  expect(peakWords(tokens, 5).peak).toBe(",");
  expect(peakWords(tokens, 0)).toEqual({ peak: "i", near: new Set(["i", "saw", "schonbrunn", "and", "left"]) });
});

test("near means within eight tokens", () => {
  const tokens = Array.from({ length: 40 }, (_, i) => ` w${i}x`);
  expect([...peakWords(tokens, 20).near]).toEqual(Array.from({ length: 17 }, (_, i) => `w${12 + i}x`));
});

test("bytes that are no text by themselves make no word", () => {
  expect(wordsOf("\\xE5\\x91る")).toEqual(["る"]);
  expect(peakWords([" sea", "\\xE5"], 1)).toEqual({ peak: "\\xE5", near: new Set(["sea"]) });
});
