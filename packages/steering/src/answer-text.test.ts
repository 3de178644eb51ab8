import fc from "fast-check";
import { expect, it } from "vitest";
import { AnswerText } from "./answer-text.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it("holds back half a character until it is whole", () => {
  const answer = new AnswerText();
  const owl = bytes("🦉");
  expect(answer.push(owl.subarray(0, 1)).text).toBe("");
  expect(answer.holding).toBe(true);
  expect(answer.push(owl.subarray(1, 3)).text).toBe("");
  expect(answer.push(owl.subarray(3)).text).toBe("🦉");
  expect(answer.holding).toBe(false);
  expect(answer.flush()).toBe("");
});

it("gives a half character at the end as U+FFFD", () => {
  const answer = new AnswerText();
  expect(answer.push(bytes("aé").subarray(0, 2)).text).toBe("a");
  expect(answer.flush()).toBe("\uFFFD");
});

it("keeps a byte order mark", () => {
  expect(new AnswerText().push(bytes("\uFEFFa")).text).toBe("\uFEFFa");
});

it("holds back what may become a stop text, and lets go when it does not", () => {
  const answer = new AnswerText(["\nUser:", "END"]);
  expect(answer.push(bytes("Hello\n"))).toEqual({ text: "Hello", stopped: false });
  expect(answer.holding).toBe(true);
  expect(answer.push(bytes("Us"))).toEqual({ text: "", stopped: false });
  expect(answer.push(bytes("ual E"))).toEqual({ text: "\nUsual ", stopped: false });
  expect(answer.push(bytes("NDless"))).toEqual({ text: "", stopped: true });
});

it("stops at the earliest of several stop texts, whatever the borders", () => {
  expect(new AnswerText(["cd", "b"]).push(bytes("abcd"))).toEqual({ text: "a", stopped: true });
});

it("gives what it held back when the answer ends", () => {
  const answer = new AnswerText(["###"]);
  expect(answer.push(bytes("a##")).text).toBe("a");
  expect(answer.flush()).toBe("##");
});

it("gives the text of all bytes, however they are cut", () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: "binary", maxLength: 20 }).map(bytes),
    fc.array(fc.constantFrom(0xf0, 0x9f, 0x80, 0xe2, 0xc3, 0x41, 0xed, 0xa0), { maxLength: 12 }).map((list) => Uint8Array.from(list)),
  );
  fc.assert(
    fc.property(anyBytes, fc.array(fc.nat(5)), (all, cuts) => {
      const answer = new AnswerText();
      let text = "";
      let at = 0;
      for (const length of [...cuts, all.length]) {
        text += answer.push(all.subarray(at, at + length)).text;
        at += length;
      }
      expect(text + answer.flush()).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(all));
    }),
  );
});

it("never lets a stop text through, and cuts nothing before it", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength: 30 });
  const stopText = fc.string({ unit: fc.constantFrom("a", "b", "é"), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(letters, fc.array(stopText, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 4 }), (text, stops, size) => {
      const answer = new AnswerText(stops);
      const all = bytes(text);
      let out = "";
      let stopped = false;
      for (let at = 0; at < all.length && !stopped; at += size) {
        const step = answer.push(all.subarray(at, at + size));
        out += step.text;
        stopped = step.stopped;
      }
      if (!stopped) out += answer.flush();
      const ends = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
      expect(stopped).toBe(ends.length > 0);
      expect(stops.some((stop) => out.includes(stop))).toBe(false);
      expect(text.startsWith(out)).toBe(true);
      if (!stopped) expect(out).toBe(text);
    }),
  );
});
