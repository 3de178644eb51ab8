import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadAddon } from "@lexiscope/native";
import { beforeAll, describe, expect, test } from "vitest";
import {
  argmax,
  forwardGolden,
  goldenForward,
  goldenGreedy,
  greedyAnswers,
  layers,
  length,
  texts,
  type GoldenForward,
} from "./agreement.fixture.ts";
import { builtInForTests } from "./built-in.fixture.ts";
import { openModel } from "./open-model.ts";
import type { Model } from "./types.ts";

const { skipped } = await builtInForTests();
const minutes = 60_000;

describe.skipIf(skipped)(`SmolLM2 on the f32 path against Transformers 5.23 ${skipped ?? ""}`, () => {
  let model: Model;
  let golden: GoldenForward;
  beforeAll(async () => {
    golden = await goldenForward();
    model = await openModel("smollm2-135m-instruct", { dtype: "f32" });
  }, 2 * minutes);

  test("logits and residual streams of 5 texts × 128 tokens", { timeout: 3 * minutes }, async () => {
    const { logits = new Float32Array(), logSumExp = new Float32Array(), taps } = await forwardGolden(model, golden);
    const width = model.architecture.vocabulary;
    const [topIds, randomIds] = [golden.i32("top_ids"), golden.i32("random_ids")];
    const [topLogits, randomLogits, maxLogit, goldenLse] = ["top_logits", "random_logits", "max_abs_logit", "log_sum_exp"].map((name) =>
      golden.f32(name),
    );
    const worst = { logit: 0, logSumExp: 0, argmax: 0 };
    for (let row = 0; row < texts * length; row++) {
      const mine = logits.subarray(row * width, (row + 1) * width);
      const scale = maxLogit?.[row] ?? 0;
      for (let k = 0; k < 32; k++) {
        const top = Math.abs((mine[topIds[row * 32 + k] ?? 0] ?? 0) - (topLogits?.[row * 32 + k] ?? 0));
        const random = Math.abs((mine[randomIds[k] ?? 0] ?? 0) - (randomLogits?.[row * 32 + k] ?? 0));
        worst.logit = Math.max(worst.logit, top / scale, random / scale);
      }
      worst.logSumExp = Math.max(worst.logSumExp, Math.abs((logSumExp[row] ?? 0) - (goldenLse?.[row] ?? 0)));
      worst.argmax += argmax(mine) === topIds[row * 32] ? 0 : 1;
    }
    console.info(`f32: max |Δlogit| / max |logit| ${worst.logit.toExponential(1)}, argmax differs in ${worst.argmax} of ${texts * length}`);
    expect(worst.logit).toBeLessThan(1e-4);
    expect(worst.logSumExp).toBeLessThan(1e-3);
    expect(worst.argmax).toBe(0);

    const [directions, fullPositions] = [golden.f32("directions"), golden.i32("full_positions")];
    const d = model.architecture.d;
    for (const [at, layer] of layers.entries()) {
      const tap = taps[at];
      const values = tap?.values ?? new Float32Array();
      const [norms, projection, full] = ["norm", "projection", "full"].map((name) => golden.f32(`residual.${layer}.${name}`));
      let worstShare = 0; // of the position's norm
      for (let row = 0; row < texts * length; row++) {
        const norm = norms?.[row] ?? 0;
        worstShare = Math.max(worstShare, Math.abs((tap?.norms[row] ?? 0) - norm) / norm);
        for (let k = 0; k < 8; k++) {
          let dot = 0;
          for (let j = 0; j < d; j++) dot += (values[row * d + j] ?? 0) * (directions[k * d + j] ?? 0);
          worstShare = Math.max(worstShare, Math.abs(dot - (projection?.[row * 8 + k] ?? 0)) / norm);
        }
      }
      for (let text = 0; text < texts; text++) {
        for (const [p, position] of fullPositions.entries()) {
          const row = text * length + position;
          for (let j = 0; j < d; j++) {
            const difference = Math.abs((values[row * d + j] ?? 0) - (full?.[(text * fullPositions.length + p) * d + j] ?? 0));
            worstShare = Math.max(worstShare, difference / (norms?.[row] ?? 1));
          }
        }
      }
      console.info(`f32: residual after block ${layer} within ${worstShare.toExponential(1)} of its norm`);
      expect(worstShare, `after block ${layer}`).toBeLessThan(1e-5);
    }
  });

  test("greedy answers to 5 chats, 32 tokens each, in one batch with a cache", { timeout: 3 * minutes }, async () => {
    const items = goldenGreedy();
    for (const { messages, prompt } of items) {
      const text = model.chatTemplate?.render(messages, { addGenerationPrompt: true }) ?? "";
      expect(model.tokenizer.encode(text, { addSpecial: false })).toEqual(prompt);
    }
    expect(await greedyAnswers(model, items)).toEqual(items.map(({ ids }) => ids));
  });
});

interface Agreement {
  kl: number;
  same: number;
}

/** Mean KL of the next token against our own f32 path, and share of positions with the same most likely token. */
const fastPaths = [
  { path: "avx512bf16", kl: 3e-4, same: 0.98, decodedKl: 1e-6 },
  { path: "avx512vnni", kl: 1e-4, same: 0.99, decodedKl: 1e-6 },
  { path: "avx2i16", kl: 1e-4, same: 0.99, decodedKl: 2e-7 },
] as const;

describe.skipIf(skipped)(`the fast paths against our own f32 path ${skipped ?? ""}`, () => {
  for (const { path, kl, same, decodedKl } of fastPaths) {
    const lacks = !loadAddon().cpu().available.includes(path);
    test.skipIf(lacks)(`${path}${lacks ? " (this CPU lacks it)" : ""}`, { timeout: 5 * minutes }, async () => {
      const child = fileURLToPath(new URL("agreement-child.fixture.ts", import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [child], { env: { ...process.env, LEXISCOPE_CPU: path } });
      const result = JSON.parse(stdout) as { path: string; rows: number; kl: number; same: number; decoded: Agreement; greedy: number[] };
      const { decoded } = result;
      console.info(`${path}: mean KL ${result.kl.toExponential(1)}, same argmax in ${(100 * result.same).toFixed(1)} %`);
      console.info(`${path}, token by token: mean KL ${decoded.kl.toExponential(1)}, same argmax in ${(100 * decoded.same).toFixed(1)} %`);
      expect(result).toMatchObject({ path, rows: texts * length });
      expect(result.kl).toBeLessThanOrEqual(kl);
      expect(result.kl).toBeGreaterThanOrEqual(0);
      expect(result.same).toBeGreaterThanOrEqual(same);
      // Generation reads the file's own blocks, with activations of 16 bits.
      expect(Math.abs(decoded.kl)).toBeLessThanOrEqual(decodedKl);
      expect(decoded.same).toBeCloseTo(1, 9);
      expect(result.greedy, "tokens of the golden answers").toEqual([32, 32, 32, 32, 32]);
    });
  }
});
