import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { createBatches, type BatchOptions } from "./batches.ts";
import { bf16ToFloat } from "./row-sums.ts";
import { temporaryFolder, writeStore } from "./testing/index.ts";
import type { ActivationStore } from "./types.ts";

const site = "blocks.0.hook_resid_post";

/** 12 contexts of 1 to 12 rows; context 4 is held out; row r of the store is [r, 1], so 73 training rows. */
let store: ActivationStore;
const trainRows = 73;
beforeAll(async () => {
  let id = 0;
  const contexts = Array.from({ length: 12 }, (_, c) => ({
    rows: Float32Array.from({ length: (c + 1) * 2 }, (_, i) => (i % 2 === 0 ? id++ + 100 : 1)),
    heldOut: c === 4,
  }));
  store = await writeStore(await temporaryFolder(), { contexts, d: 2, perShard: 5 });
});

/** The first numbers of `batches` batches. */
async function read(options: BatchOptions, batches: number): Promise<number[]> {
  const stream = await createBatches(store, site, options);
  const out: number[] = [];
  for (let i = 0; i < batches; i++) {
    const { pool, rows } = await stream.next();
    const values = bf16ToFloat(pool);
    for (const row of rows) out.push(values[row * stream.d] ?? NaN);
  }
  return out;
}

const settings = fc.record({
  seed: fc.integer({ min: 0, max: 1e9 }),
  poolRows: fc.constantFrom(1, 10, 20, 40, 1000),
  batch: fc.integer({ min: 1, max: 9 }),
});

test("every training row comes once an epoch, in a new order", async () => {
  await fc.assert(
    fc.asyncProperty(settings, async (options) => {
      const rows = await read(options, Math.ceil((2 * trainRows) / options.batch));
      const first = rows.slice(0, trainRows);
      const second = rows.slice(trainRows, 2 * trainRows);
      expect(new Set(first).size).toBe(trainRows);
      expect(second.toSorted((a, b) => a - b)).toEqual(first.toSorted((a, b) => a - b));
      expect(second).not.toEqual(first);
      // bf16 holds the integers to 256, so held-out rows 110 … 114 would be seen.
      expect(first.some((value) => value >= 110 && value <= 114)).toBe(false);
    }),
    { numRuns: 40 },
  );
});

test("what comes is a function of seed and cursor", async () => {
  await fc.assert(
    fc.asyncProperty(settings, fc.integer({ min: 0, max: 40 }), async (options, skipped) => {
      const whole = await read(options, skipped + 12);
      const resumed = await read({ ...options, cursor: skipped * options.batch }, 12);
      expect(resumed).toEqual(whole.slice(skipped * options.batch));
    }),
    { numRuns: 40 },
  );
});

test("another seed gives another order", async () => {
  expect(await read({ seed: 1, poolRows: 1000, batch: 8 }, 8)).not.toEqual(await read({ seed: 2, poolRows: 1000, batch: 8 }, 8));
});

test("a batch larger than the store runs over several epochs", async () => {
  const rows = await read({ seed: 1, poolRows: 10, batch: 200 }, 1);
  expect(rows).toHaveLength(200);
  expect(new Set(rows.slice(0, trainRows)).size).toBe(trainRows);
});

test("a store without training rows says so", async () => {
  const empty = await writeStore(await temporaryFolder(), {
    contexts: [{ rows: Float32Array.of(1, 2), heldOut: true }],
    d: 2,
    perShard: 1,
  });
  await expect(createBatches(empty, site, { seed: 0, poolRows: 10, batch: 2 })).rejects.toMatchObject({ code: "invalid_input" });
});
