import { expect, test } from "vitest";
import { apiQuery, isFiltered, readView } from "./list-view.ts";

const view = (search: string): ReturnType<typeof readView> => readView(new URLSearchParams(search));

test("an empty address lists everything, the densest first", () => {
  expect(view("")).toEqual({
    q: "",
    sort: "readability",
    order: "descending",
    ranges: {},
    alive: undefined,
    named: false,
    list: undefined,
  });
  expect(isFiltered(view(""))).toBe(false);
});

test("with words the order is relevance, unless the address says otherwise", () => {
  expect(view("q=sea").sort).toBe("relevance");
  expect(view("q=sea&sort=maximum").sort).toBe("maximum");
  expect(view("sort=relevance").sort).toBe("readability");
});

test("index counts up, the rest down", () => {
  expect(view("sort=index").order).toBe("ascending");
  expect(view("sort=effect").order).toBe("descending");
  expect(view("sort=effect&order=ascending").order).toBe("ascending");
});

test("ranges and filters become the server's bounds", () => {
  const query = apiQuery(view("density=0.001..&effect=..2.5&alive=true&named=true&list=l1&q=%20"));
  expect(query).toMatchObject({ densityMin: 0.001, effectMax: 2.5, alive: "true", named: "true", list: "l1" });
  expect(query["q"]).toBeUndefined();
  expect(query["densityMax"]).toBeUndefined();
});

test("nonsense in the address is left out", () => {
  expect(view("density=abc&sort=x&order=y&alive=maybe")).toEqual(view(""));
});
