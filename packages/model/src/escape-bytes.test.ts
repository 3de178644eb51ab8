import { expect, test } from "vitest";
import { escapeBytes } from "./escape-bytes.ts";

test("text reads as text, other bytes are escaped", () => {
  expect(escapeBytes(new TextEncoder().encode(" é好🙂"))).toBe(" é好🙂");
  expect(escapeBytes(Uint8Array.of(0xe2, 0x80))).toBe("\\xE2\\x80");
  expect(escapeBytes(Uint8Array.of(0x9f, 0x61, 0xff))).toBe("\\x9Fa\\xFF");
  expect(escapeBytes(Uint8Array.of(0xed, 0xa0, 0x80))).toBe("\\xED\\xA0\\x80");
  expect(escapeBytes(new Uint8Array())).toBe("");
});
