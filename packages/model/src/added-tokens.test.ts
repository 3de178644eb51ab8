import { expect, test } from "vitest";
import { addedTokenSplitter, type Piece } from "./added-tokens.ts";

const token = (content: string, flags: Partial<Record<"single_word" | "lstrip" | "rstrip", boolean>> = {}) => ({
  id: 0,
  content,
  special: true,
  normalized: false,
  single_word: false,
  lstrip: false,
  rstrip: false,
  ...flags,
});
const show = (pieces: Piece[]): string[] => pieces.map((piece) => (typeof piece === "string" ? piece : `[${piece.content}]`));

test("leftmost, longest, nothing lost", () => {
  const split = addedTokenSplitter([token("<a>"), token("<a>b"), token("b")]);
  expect(show(split("x<a>bb<a>c<a"))).toEqual(["x", "[<a>b]", "[b]", "[<a>]", "c<a"]);
  expect(show(split(""))).toEqual([]);
  expect(show(addedTokenSplitter([])("<a>"))).toEqual(["<a>"]);
});

test("lstrip and rstrip swallow white space", () => {
  expect(show(addedTokenSplitter([token("<m>", { lstrip: true })])("a  <m>  b"))).toEqual(["a", "[<m>]", "  b"]);
  expect(show(addedTokenSplitter([token("<m>", { rstrip: true })])("a  <m> \n b <m>"))).toEqual(["a  ", "[<m>]", "b ", "[<m>]"]);
});

test("single_word wants no word beside it", () => {
  const split = addedTokenSplitter([token("cat", { single_word: true })]);
  expect(show(split("cat cats tomcat (cat) 𝒳cat"))).toEqual(["[cat]", " cats tomcat (", "[cat]", ") 𝒳cat"]);
});
