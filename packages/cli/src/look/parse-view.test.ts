import { expect, test } from "vitest";
import { parseView } from "./parse-view.ts";

test("features, atlases and links are told apart", () => {
  expect(parseView("first/12")).toEqual({ atlas: "first", feature: 12, query: {} });
  expect(parseView("12")).toEqual({ atlas: undefined, feature: 12, query: {} });
  expect(parseView("first")).toEqual({ atlas: "first", feature: undefined, query: {} });
  expect(parseView("/atlas/first/12?try=x")).toEqual({ atlas: "first", feature: 12, query: {} });
  expect(parseView("http://127.0.0.1:4873/atlas/my%20atlas/3").atlas).toBe("my atlas");
});

test("a link keeps search, order and ranges", () => {
  expect(parseView("/atlas/first?q=france&sort=maximum&density=0.001..0.1&effect=..2&alive=true").query).toEqual({
    q: "france",
    sort: "maximum",
    order: "descending",
    densityMin: 0.001,
    densityMax: 0.1,
    effectMax: 2,
    alive: "true",
  });
});

test.each([
  "",
  "/atlas/",
  "/chat?prompt=x",
  "http://127.0.0.1/inspect",
  "/atlas/first/x",
  "/atlas/first?sort=colour",
  "/atlas/first?density=a..b",
])("%j is refused by name", (text) => expect(() => parseView(text)).toThrow(expect.objectContaining({ code: "invalid_input" })));
