import { createRandom } from "@lexiscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { columnIndex, type FeatureColumns } from "./columns.ts";
import { radixOrder, sortKeys } from "./radix-order.ts";

const features = 5000;
const random = createRandom(1);
const fired = Uint32Array.from({ length: features }, () => (random.below(10) === 0 ? 0 : random.below(300) ** 2));
const columns: FeatureColumns = {
  fired,
  density: Float64Array.from(fired, (count) => count / 1e6),
  maximum: Float32Array.from(fired, (count) => (count === 0 ? 0 : random.below(50) / 3)),
  effect: Float32Array.from(fired, () => random.normal()),
  readability: Float32Array.from(fired, () => random.below(20)),
};
const index = columnIndex(columns);
const all = Array.from({ length: features }, (_, i) => i);

test("any column is sorted either way, ties by index", () => {
  for (const column of ["density", "fired", "maximum", "effect", "readability"] as const)
    for (const descending of [true, false]) {
      const values = columns[column];
      const expected = all.toSorted((a, b) => (descending ? -1 : 1) * ((values[a] ?? 0) - (values[b] ?? 0)) || a - b);
      expect(Array.from(index.select(column, descending, {}))).toEqual(expected);
    }
  expect(Array.from(index.select("index", true, {}))).toEqual(all.toReversed());
});

test("f32 and u32 keys sort as the numbers do", () => {
  fc.assert(
    fc.property(fc.float32Array({ noNaN: true }), (drawn) => {
      const values = drawn.map((x) => x + 0); // −0 is 0
      expect(Array.from(radixOrder(sortKeys(values, false)), (i) => values[i])).toEqual(Array.from(values).sort((a, b) => a - b));
    }),
  );
  fc.assert(
    fc.property(fc.uint32Array(), (values) => {
      expect(Array.from(radixOrder(sortKeys(values, true)), (i) => values[i])).toEqual(Array.from(values).sort((a, b) => b - a));
    }),
  );
});

test("a page is a piece of the whole selection, however it is found", () => {
  const filters = [
    {},
    { density: [0.001, 0.02] },
    { maximum: [2, 10], alive: true },
    { effect: [0, 0.05], maximum: [5, 6] },
    { effect: [9, 10] },
    { indices: [3, 5, 7, 7, -1, features] },
  ] as const;
  for (const { indices, ...ranges } of filters.map((filter) => ({ indices: undefined, ...filter })))
    for (const orderBy of ["density", "maximum", "readability", "index"] as const)
      for (const descending of [true, false])
        for (const offset of [0, 1, 300, 4990, 6000]) {
          const filter = { ...ranges, indices: indices && Uint32Array.from(indices) };
          const fresh = columnIndex(columns);
          const { total, indices: found } = fresh.page(orderBy, descending, filter, { offset, limit: 20 });
          const whole = index.select(orderBy, descending, filter);
          expect(total).toBe(whole.length);
          expect(Array.from(found)).toEqual(Array.from(whole.slice(offset, offset + 20)));
          const among = Uint32Array.from(all.toReversed());
          expect(Array.from(index.select(orderBy, descending, filter, among))).toEqual(Array.from(whole));
        }
});

test("filters hold both ends, and all must be true", () => {
  const members = new Set([1, 4, 900, 77_777, -1]);
  const filter = { density: [0.001, 0.02] as const, maximum: [2, 10] as const, effect: [-0.5, 2] as const, alive: true };
  const passes = (i: number): boolean =>
    (columns.density[i] ?? 0) >= 0.001 &&
    (columns.density[i] ?? 0) <= 0.02 &&
    (columns.maximum[i] ?? 0) >= 2 &&
    (columns.maximum[i] ?? 0) <= 10 &&
    (columns.effect[i] ?? 0) >= -0.5 &&
    (columns.effect[i] ?? 0) <= 2;
  for (let again = 0; again < 2; again++) expect(Array.from(index.select("index", false, filter))).toEqual(all.filter(passes));
  expect(Array.from(index.select("index", false, { indices: members }))).toEqual([1, 4, 900]);
  expect(Array.from(index.select("index", false, { indices: Uint32Array.of(900, 900, 5) }))).toEqual([5, 900]);
  expect(index.select("index", false, { alive: false }).length).toBe(fired.filter((count) => count === 0).length);
  // A range as it is read off a page: the shortest decimal of an f32.
  const third = 0.33333334;
  expect(Array.from(index.select("index", false, { maximum: [third, third] }))).toEqual(
    all.filter((i) => columns.maximum[i] === Math.fround(1 / 3)),
  );
  for (const range of [
    [2, 1],
    [Number.NaN, 1],
  ] as const)
    expect(() => index.select("index", false, { effect: range })).toThrow(
      expect.objectContaining({ code: "invalid_input", field: "effect" }),
    );
});

test("a histogram counts every feature that fired once, between edges that a filter agrees with", () => {
  for (const [column, log] of [
    ["density", true],
    ["density", false],
    ["maximum", true],
    ["effect", false],
  ] as const) {
    const { edges, counts, dead, zeros } = index.histogram(column, 40, log);
    expect([edges.length, counts.length]).toEqual([41, 40]);
    expect(edges).toEqual(edges.toSorted((a, b) => a - b));
    expect(counts.reduce((a, b) => a + b, 0) + dead + zeros).toBe(features);
    expect(dead).toBe(fired.filter((count) => count === 0).length);
    const brushed = index.select("index", false, { [column]: [edges[0], edges[40]], alive: true });
    expect(brushed.length).toBe(features - dead - zeros);
    const values = columns[column];
    for (const bin of [0, 7, 39]) {
      const [low = 0, high = 0] = edges.slice(bin, bin + 2);
      const inside = all.filter(
        (i) => fired[i] !== 0 && (values[i] ?? 0) >= low && ((values[i] ?? 0) < high || (bin === 39 && values[i] === high)),
      );
      expect(counts[bin]).toBe(inside.length);
    }
  }
  expect(index.histogram("maximum", 10, true).zeros).toBeGreaterThan(0);
  expect(() => index.histogram("effect", 0, false)).toThrow(expect.objectContaining({ field: "bins" }));
  const none = columnIndex({ ...columns, fired: new Uint32Array(features) });
  expect(none.histogram("density", 40, true)).toEqual({ edges: [], counts: [], dead: features, zeros: 0 });
});
