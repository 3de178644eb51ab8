import { createRandom, LexiscopeError, mixSeed, type Random } from "@lexiscope/core";
import type { ActivationStore } from "./types.ts";

export interface BatchOptions {
  seed: number;
  /** Rows of the pool that batches are drawn from; all training rows when there are fewer. */
  poolRows: number;
  /** Rows of a batch. */
  batch: number;
  /** Rows of the stream that were consumed before. */
  cursor?: number;
}

export interface Batch {
  /** bf16 [P, d]; valid until the next batch is asked for. */
  pool: Uint16Array;
  /** [batch] rows of the pool */
  rows: Uint32Array;
  /** Rows of the stream consumed, this batch included: what a checkpoint keeps. */
  cursor: number;
  /** Epoch of the batch's first row, from 0. */
  epoch: number;
}

/** An endless stream of training rows, every row once an epoch; a pure function of (seed, cursor). */
export interface Batches {
  readonly d: number;
  /** Training rows of the store at the site: the length of an epoch. */
  readonly trainRows: number;
  /** Bytes that the pool takes. */
  readonly poolBytes: number;
  next(): Promise<Batch>;
}

/** Purposes of the random streams, so that they never coincide. */
const contextOrder = 1;
const rowOrder = 2;

/**
 * Shuffled reading of a store. Each epoch draws all training contexts in a new order and cuts them into pools of about
 * `poolRows` rows; rows come in a random order within their pool. A batch may span the border of two pools.
 */
export async function createBatches(store: ActivationStore, site: string, options: BatchOptions): Promise<Batches> {
  const { seed, batch } = options;
  const d = store.manifest.sites.find(({ name }) => name === site)?.d ?? 0;
  const allCounts = await store.rowCounts(site);
  const ids = (await store.contextIds("train")).filter((id) => (allCounts[id] as number) > 0);
  const trainRows = ids.reduce((sum, id) => sum + (allCounts[id] as number), 0);
  if (trainRows === 0)
    throw new LexiscopeError("invalid_input", `${store.path} has no training rows at ${site}`, {
      file: store.path,
      hint: "harvest more text",
    });
  const pools = Math.ceil(trainRows / Math.max(options.poolRows, 2 * batch));
  const segments = createSegments({ ids, counts: allCounts, trainRows, pools, seed });
  const largest = pools === 1 ? trainRows : Math.ceil(trainRows / pools) + store.manifest.context;
  /** Rows of the last pool that a batch still needs when the next pool replaces it are moved to the front. */
  const front = pools === 1 ? 0 : batch;
  const pool = new Uint16Array((front + largest) * d);
  let cursor = options.cursor ?? 0;
  let order = new Uint32Array(0);
  let at = 0;
  let filled = "";

  /** Makes `order` and the pool those of the segment that holds row `cursor`. */
  async function load(row: number): Promise<void> {
    const epoch = Math.floor(row / trainRows);
    const segment = segments(epoch, row - epoch * trainRows);
    const contents = pools === 1 ? "all" : `${epoch}/${segment.index}`;
    if (filled !== contents) {
      filled = "";
      const copied = await store.copyRows(site, segment.ids, pool, front);
      if (copied !== segment.rows) throw new LexiscopeError("internal", `${copied} rows came; ${segment.rows} were expected`);
      filled = contents;
    }
    order = shuffledRange(front, segment.rows, createRandom(mixSeed(seed, epoch, segment.index, rowOrder)));
    at = row - epoch * trainRows - segment.start;
  }

  return {
    d,
    trainRows,
    poolBytes: pool.byteLength,
    next: async () => {
      const rows = new Uint32Array(batch);
      let have = 0;
      while (have < batch) {
        if (at >= order.length) {
          for (let i = 0; i < have && front > 0; i++) {
            const row = rows[i] as number;
            pool.copyWithin(i * d, row * d, (row + 1) * d);
            rows[i] = i;
          }
          await load(cursor + have);
        }
        const take = Math.min(batch - have, order.length - at);
        rows.set(order.subarray(at, at + take), have);
        at += take;
        have += take;
      }
      const epoch = Math.floor(cursor / trainRows);
      cursor += batch;
      return { pool, rows, cursor, epoch };
    },
  };
}

interface Segment {
  index: number;
  /** Context ids, ascending, so that shards are read in order. */
  ids: Uint32Array;
  rows: number;
  /** Rows of the epoch before it. */
  start: number;
}

/** Returns a function that finds the pool which holds row `row` of an epoch. */
function createSegments(plan: {
  ids: Uint32Array;
  counts: Uint32Array;
  trainRows: number;
  pools: number;
  seed: number;
}): (epoch: number, row: number) => Segment {
  const { ids, counts, trainRows, pools, seed } = plan;
  return function segmentAt(epoch, row) {
    if (pools === 1) return { index: 0, ids, rows: trainRows, start: 0 };
    const random = createRandom(mixSeed(seed, epoch, contextOrder));
    const drawn = ids.slice();
    shuffle(drawn, random);
    let begin = 0;
    let start = 0;
    let rows = 0;
    let index = 0;
    for (const [i, id] of drawn.entries()) {
      rows += counts[id] as number;
      if (start + rows < ((index + 1) * trainRows) / pools) continue;
      if (row < start + rows) return { index, ids: drawn.slice(begin, i + 1).sort(), rows, start };
      begin = i + 1;
      start += rows;
      rows = 0;
      index++;
    }
    throw new LexiscopeError("internal", `row ${row} lies beyond the epoch of ${trainRows}`);
  };
}

/** The numbers from `first` to `first + n − 1` in random order. */
function shuffledRange(first: number, n: number, random: Random): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(n);
  for (let i = 0; i < n; i++) out[i] = first + i;
  shuffle(out, random);
  return out;
}

function shuffle(items: Uint32Array, random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const x = items[i] as number;
    items[i] = items[j] as number;
    items[j] = x;
  }
}
