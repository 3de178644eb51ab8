import { writeFile } from "node:fs/promises";
import { runSchema } from "@lexiscope/contract";
import { expect, test } from "vitest";
import { curves } from "./curves.ts";
import { runFiles } from "./run-folder.ts";
import { useHome } from "./testing/home.ts";

const at = useHome();

const line = (done: number, ms: number, metrics?: Record<string, number | null>, phase = "train"): object => ({
  type: "progress",
  phase,
  done,
  total: 10_000,
  unit: "tokens",
  rate: 100,
  metrics,
  at: ms,
});

async function record(...lines: unknown[]): Promise<string> {
  const { id } = await at.start("--lines", "0");
  await at.ended(id);
  await writeFile(
    runFiles(id, at.home).events,
    lines.map((value) => `${typeof value === "string" ? value : JSON.stringify(value)}\n`).join(""),
  );
  return id;
}

test("columns of one length by phase, with nulls where a number was not there", async () => {
  const id = await record(
    line(10, 1000, undefined, "harvest"),
    { type: "note", message: "x" },
    line(1, 2000, { loss: 0.5 }),
    { ...line(1, 2100), rate: 0, message: "only a message" },
    "no JSON",
    line(2, 3000, { loss: null, fvu: 0.25 }),
    { path: "result" },
  );
  const phases = await curves(id, { home: at.home });
  expect(phases).toEqual([
    { phase: "harvest", unit: "tokens", total: 10_000, done: [10], seconds: [0], rate: [100], metrics: {} },
    {
      phase: "train",
      unit: "tokens",
      total: 10_000,
      done: [1, 2],
      seconds: [1, 2],
      rate: [100, 100],
      metrics: { loss: [0.5, null], fvu: [null, 0.25] },
    },
  ]);
  expect(runSchema.shape.phases.parse(phases)).toEqual(phases);
});

test("steps that were done again after a kill count once, and the pause between two sittings does not count", async () => {
  const id = await record(
    line(1, 0, { loss: 1 }),
    line(2, 1000, { loss: 2 }),
    line(3, 2000, { loss: 3 }),
    { type: "resumed", at: 3_600_000 },
    line(2, 3_601_000, { loss: 20 }),
    line(3, 3_602_000, { loss: 30 }),
    line(4, 3_603_000, { loss: 40 }),
  );
  expect(await curves(id, { home: at.home })).toMatchObject([
    { done: [1, 2, 3, 4], seconds: [0, 2, 3, 4], metrics: { loss: [1, 20, 30, 40] } },
  ]);
});

test("a long run is thinned evenly, keeps its first and its last point, and goes on to do so after a resumption", async () => {
  const n = 9_999;
  const lines = Array.from({ length: n }, (_, i) => line(i + 1, i * 250, { loss: i }));
  const id = await record(...lines);
  const [curve] = await curves(id, { home: at.home });
  const done = curve?.done ?? [];
  expect(done.length).toBeGreaterThan(900);
  expect(done.length).toBeLessThanOrEqual(2000);
  expect([done[0], done.at(-1)]).toEqual([1, n]);
  const gaps = new Set(done.slice(1, -1).map((value, i) => value - (done[i] ?? 0)));
  expect(gaps).toEqual(new Set([8]));
  expect(curve?.metrics["loss"]).toEqual(done.map((value) => value - 1));
  const again = await record(...lines, { type: "resumed", at: 0 }, line(5000, 9e6, { loss: -1 }));
  const [rewound] = await curves(again, { home: at.home });
  expect(rewound?.done.at(-1)).toBe(5000);
  expect(rewound?.done).toEqual(rewound?.done.toSorted((a, b) => a - b));
});

test("names of metrics are data, whatever they are", async () => {
  const id = await record(
    '{"type":"progress","phase":"__proto__","done":1,"total":1,"unit":"","rate":1,"metrics":{"__proto__":1,"constructor":2}}',
  );
  const [curve] = await curves(id, { home: at.home });
  expect(curve?.phase).toBe("__proto__");
  expect(Object.entries(curve?.metrics ?? {})).toContainEqual(["constructor", [2]]);
});
