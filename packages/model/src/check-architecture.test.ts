import { expect, test } from "vitest";
import { checkArchitecture } from "./check-architecture.ts";
import { tinyArchitecture } from "./tiny-model.fixture.ts";

test("a possible model passes, an impossible one is named", () => {
  expect(checkArchitecture("f", tinyArchitecture())).toEqual(tinyArchitecture());
  const field = (change: object): unknown => {
    try {
      return checkArchitecture("f", { ...tinyArchitecture(), ...change });
    } catch (error) {
      return (error as { field: string }).field;
    }
  };
  expect(field({ layers: 0 })).toBe("layers");
  expect(field({ d: Number.NaN })).toBe("d");
  expect(field({ headWidth: 7.2 })).toBe("headWidth");
  expect(field({ headWidth: 7 })).toBe("headWidth");
  expect(field({ kvHeads: 3 })).toBe("kvHeads");
  expect(field({ positions: { ...tinyArchitecture().positions, divisors: [1] } })).toBe("positions.divisors");
  expect(field({ norm: { kind: "rms", epsilon: -1 } })).toBe("norm.epsilon");
});
