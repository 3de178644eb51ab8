import fc from "fast-check";
import { mutatedBytes } from "./mutate-bytes.ts";

/** Texts put together from pieces of a grammar (`words`), seeds with changes, and any text at all. */
export function mutatedText(seeds: readonly string[], words: readonly string[], maxWords = 24): fc.Arbitrary<Uint8Array> {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const made = fc.array(fc.constantFrom(...words), { maxLength: maxWords }).map((parts) => encode(parts.join("")));
  const woven = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(0xffff), fc.constantFrom(...words)), { maxLength: 5 }))
    .map(([seed, inserts]) =>
      encode(inserts.reduce((text, [at, word]) => text.slice(0, at % (text.length + 1)) + word + text.slice(at % (text.length + 1)), seed)),
    );
  return fc.oneof(
    { weight: 4, arbitrary: made },
    { weight: 4, arbitrary: woven },
    { weight: 2, arbitrary: mutatedBytes(seeds.map(encode)) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 200 }).map(encode) },
  );
}
