import { expect, test } from "vitest";
import { parseSynset, wordnetDocuments } from "./wordnet.ts";

const dog =
  '02084071 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 002 @ 02083346 n 0000 ~ 01322604 n 0000 | a member of the genus Canis; "the dog barked all night"  ';

test("a line becomes words and gloss", () => {
  expect(parseSynset(dog)).toEqual({
    words: ["dog", "domestic dog", "Canis familiaris"],
    gloss: 'a member of the genus Canis; "the dog barked all night"',
  });
});

test("the count of words is hexadecimal, syntactic markers go, the licence is no entry", () => {
  const many = Array.from({ length: 10 }, (_, i) => `w${i}(p) 0`).join(" ");
  expect(parseSynset(`00000001 00 a 0a ${many} 000 | gloss`)?.words).toHaveLength(10);
  expect(parseSynset(`00000001 00 a 0a ${many} 000 | gloss`)?.words[0]).toBe("w0");
  expect(parseSynset("  1 This software and database is being provided | to you")).toBeUndefined();
});

test("entries are joined to documents", () => {
  const documents = wordnetDocuments([dog, dog, dog].join("\n"), 250);
  expect(documents).toHaveLength(2);
  expect(documents[0]?.split("\n")).toHaveLength(2);
});
