import fc from "fast-check";
import { expect, test } from "vitest";
import { alphabetToBytes, byteToChar } from "./byte-alphabet.ts";

test("visible bytes stand for themselves, the other 68 follow from U+0100", () => {
  expect(new Set(byteToChar).size).toBe(256);
  expect([byteToChar[0x20], byteToChar[0x0a], byteToChar[0x41], byteToChar[0xad], byteToChar[0]]).toEqual(["Ġ", "Ċ", "A", "Ń", "Ā"]);
  expect(byteToChar.filter((char) => char.charCodeAt(0) >= 0x100).length).toBe(68);
});

test("bytes survive the alphabet", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) =>
      Buffer.from(alphabetToBytes(Array.from(bytes, (byte) => byteToChar[byte]).join(""))).equals(bytes),
    ),
  );
});

test("an entry outside the alphabet is its own UTF-8", () => {
  expect(alphabetToBytes("好")).toEqual(new TextEncoder().encode("好"));
});
