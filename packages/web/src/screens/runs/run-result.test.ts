import { expect, it } from "vitest";
import { atlasIndexedFrom, atlasOf, commandDifferences, numberRows, numbersOf, resultSummary } from "./run-result.ts";

const metrics = { tokens: 10, fvu: 0.19, l0: 32, deltaCe: 0.2, ceClean: 3.3, cePatched: 3.5, deltaCeMeanAblation: 6 };
const train = {
  path: "/h/dictionaries/first",
  features: 4096,
  metrics,
  dead: { count: 41, windowTokens: 10 },
  baselines: { random: { ...metrics, fvu: 0.69 }, pca: null },
};

it("finds the numbers in a train's and in a start's result, and nowhere else", () => {
  expect(numbersOf(train)?.metrics.fvu).toBe(0.19);
  expect(numbersOf({ numbers: train, atlas: "/h/atlases/first" })?.metrics.fvu).toBe(0.19);
  expect(numbersOf({ path: "x" })).toBeNull();
  expect(numbersOf(null)).toBeNull();
});

it("puts baselines beside the numbers, empty where there are none", () => {
  const numbers = numbersOf(train);
  const rows = numbers ? numberRows(numbers) : [];
  expect(rows[0]).toEqual({ term: "fvu", own: 0.19, random: 0.69, pca: null });
  expect(rows[3]?.own).toBeCloseTo(0.01);
});

it("says in a few words what a run reached", () => {
  expect(resultSummary("train", { ...train, k: 32, seconds: 31 })).toBe("4,096 features, k 32 · FVU 0.19 · trained in 31 s");
  expect(resultSummary("index", { features: 4096, alive: 4078, tokens: 298_688, seconds: 30 })).toBe(
    "4,078 of 4,096 features alive · 298,688 tokens · 30 s",
  );
  expect(resultSummary("harvest", null)).toBe("");
});

it("knows the atlas that was made", () => {
  expect(atlasOf("start", { atlas: "/h/atlases/first" })).toBe("first");
  expect(atlasOf("index", { path: "C:\\atlases\\two\\" })).toBe("two");
  expect(atlasOf("train", train)).toBeNull();
});

it("knows which atlas the latest index of a training's dictionary made, and takes none of before", () => {
  const at = (hour: number): string => `2026-11-23T${hour}:00:00.000Z`;
  const index = (dictionary: string, atlas: string, hour: number, state: "done" | "failed" = "done") => ({
    kind: "index" as const,
    state,
    command: `lexiscope index --dictionary ${dictionary} --out ${atlas}`,
    created: at(hour),
    result: state === "done" ? { path: `/h/atlases/${atlas}` } : null,
  });
  const trained = (name: string, hour: number) => ({ created: at(hour), result: { path: `/h/dictionaries/${name}` } });
  const jobs = [
    index("a", "broken", 15, "failed"),
    index("a", "newer", 14),
    index("/h/dictionaries/a", "older", 12),
    index("b", "other", 11),
  ];
  expect(atlasIndexedFrom(trained("a", 10), jobs)).toBe("newer");
  expect(atlasIndexedFrom(trained("a", 13), jobs)).toBe("newer");
  expect(atlasIndexedFrom(trained("a", 14), jobs)).toBeNull();
  expect(atlasIndexedFrom(trained("b", 10), jobs)).toBe("other");
  expect(atlasIndexedFrom(trained("b", 12), jobs)).toBeNull();
  expect(atlasIndexedFrom(trained("c", 10), jobs)).toBeNull();
});

it("lists the options in which two runs differ", () => {
  expect(
    commandDifferences("lexiscope train --store a --k 32 --no-baselines", "lexiscope train --store a --k=64 --text x --text 'y z'"),
  ).toEqual([
    { option: "k", a: "32", b: "64" },
    { option: "no-baselines", a: "on", b: null },
    { option: "text", a: null, b: "x, y z" },
  ]);
  expect(commandDifferences("lexiscope train", "lexiscope train")).toEqual([]);
});
