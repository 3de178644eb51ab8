import { appendFile, readFile } from "node:fs/promises";
import { asDiskError, writeFileAtomic } from "@lexiscope/core";
import type { Look } from "./look.ts";

/** One line of `metrics.jsonl`; with what a look said, when there was one at this step. */
export interface MetricsLine extends Partial<Look> {
  step: number;
  tokens: number;
  loss: number;
  /** AuxK's loss (TopK). */
  auxLoss?: number;
  /** mean Σ f_i·‖W_dec,i‖, its coefficient λ, and ‖gradient‖ before clipping (ReLU). */
  l1?: number;
  lambda?: number;
  gradientNorm?: number;
  /** Of the batch. */
  fvu: number;
  l0: number;
  dead: number;
  learningRate: number;
  tokensPerSecond: number;
  /** Of a run with 8-bit screening: so far. */
  checkedRows?: number;
  differingRows?: number;
}

export async function appendMetrics(path: string, line: MetricsLine): Promise<void> {
  try {
    await appendFile(path, `${JSON.stringify(line)}\n`);
  } catch (error) {
    throw asDiskError(error, path);
  }
}

/** Drops what a killed run wrote after the step from which it goes on, and a line cut short. */
export async function rewindMetrics(path: string, step: number): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => {
    try {
      return (JSON.parse(line) as MetricsLine).step <= step;
    } catch {
      return false;
    }
  });
  await writeFileAtomic(path, lines.map((line) => `${line}\n`).join(""));
}

/** The last line of the log; undefined: it has none. */
export async function lastMetrics(path: string): Promise<MetricsLine | undefined> {
  const line = (await readFile(path, "utf8")).trimEnd().split("\n").at(-1);
  return line ? (JSON.parse(line) as MetricsLine) : undefined;
}
