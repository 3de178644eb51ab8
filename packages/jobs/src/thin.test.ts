import fc from "fast-check";
import { expect, test } from "vitest";
import { createThinner } from "./thin.ts";

test("at most so many are kept, evenly spaced, the first and the last among them", () => {
  fc.assert(
    fc.property(fc.nat(3000), fc.integer({ min: 4, max: 50 }), fc.nat(3000), (n, most, cut) => {
      const thinner = createThinner<number>(most);
      const fill = (from: number): void => {
        for (let i = from; i < n; i++) thinner.add(i);
      };
      fill(0);
      thinner.dropEnd((i) => i >= cut);
      expect(thinner.take().every((i) => i < cut)).toBe(true);
      fill(Math.min(cut, n));
      const kept = thinner.take();
      expect(kept.length).toBeLessThanOrEqual(most);
      expect(kept).toEqual(kept.toSorted((a, b) => a - b));
      if (n > 0) expect([kept[0], kept.at(-1)]).toEqual([0, n - 1]);
      if (n >= most && cut >= n) {
        expect(kept.length).toBeGreaterThanOrEqual(most / 2 - 1);
        expect(new Set(kept.slice(1, -1).map((value, i) => value - (kept[i] ?? 0))).size).toBeLessThanOrEqual(1);
      }
    }),
  );
});
