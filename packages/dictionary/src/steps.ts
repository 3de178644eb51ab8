import type { TrainConfig } from "@lexiscope/contract";
import type { Batches } from "@lexiscope/activations";
import { bf16ToFloat, createBatches, type ActivationStore } from "@lexiscope/activations";
import { loadAddon, withTask, type NativeStepMetrics, type NativeTrainer } from "@lexiscope/native";
import { architectureOf } from "./architectures/index.ts";
import { deadWindow } from "./config.ts";
import { geometricMedian, inputScale, type SiteStatistics } from "./normalise.ts";
import { learningRateAt } from "./schedule.ts";

/** A step that was applied. */
export interface StepReport {
  /** Steps applied so far, this one included. */
  step: number;
  cursor: number;
  learningRate: number;
  /** λ of the step; 0 where an architecture has none. */
  penalty: number;
  metrics: NativeStepMetrics;
}

/** The shuffled training rows of a store, from `cursor` on. */
export function trainingBatches(store: ActivationStore, site: string, config: TrainConfig, cursor = 0): Promise<Batches> {
  return createBatches(store, site, { seed: config.seed, poolRows: config.poolRows, batch: config.batch, cursor });
}

export interface TrainerSetup {
  store: ActivationStore;
  statistics: SiteStatistics;
  config: TrainConfig;
  /** A random decoder that stays as it is: the baseline. */
  freezeDecoder: boolean;
  signal: AbortSignal | undefined;
}

/** A trainer at step 0. */
export async function createTrainer({ store, statistics, config, freezeDecoder, signal }: TrainerSetup): Promise<NativeTrainer> {
  const { d, meanSquaredNorm } = statistics;
  const scale = inputScale(config.normalise, d, meanSquaredNorm);
  const decoderBias = await startingBias(store, statistics, config);
  return withTask(signal, (task) =>
    loadAddon().Trainer.create(
      {
        d,
        features: config.features,
        seed: config.seed,
        scale,
        decoderBias,
        encoderScale: config.encoderScale,
        beta1: config.beta1,
        beta2: config.beta2,
        epsilon: config.epsilon,
        ...architectureOf(config).trainer(config, scale * scale * meanSquaredNorm),
        deadAfter: deadWindow(config),
        freezeDecoder,
      },
      task,
    ),
  );
}

async function startingBias(store: ActivationStore, statistics: SiteStatistics, config: TrainConfig): Promise<Float32Array> {
  const { d, mean, name } = statistics;
  if (config.decoderBiasInit === "zero") return new Float32Array(d);
  if (config.decoderBiasInit === "mean") return Float32Array.from(mean);
  const { pool, rows } = await (await trainingBatches(store, name, config)).next();
  const sample = new Uint16Array(rows.length * d);
  for (const [i, row] of rows.entries()) sample.set(pool.subarray(row * d, (row + 1) * d), i * d);
  return geometricMedian(bf16ToFloat(sample), d);
}

/** Applies the steps that are left of a run, one batch each. */
export async function* runSteps(options: {
  trainer: NativeTrainer;
  batches: Batches;
  config: TrainConfig;
  signal: AbortSignal | undefined;
}): AsyncGenerator<StepReport, void, void> {
  const { trainer, batches, config, signal } = options;
  while (trainer.steps < config.steps) {
    const learningRate = learningRateAt(config, trainer.steps);
    const penalty = architectureOf(config).penaltyAt(config, trainer.steps);
    const { pool, rows, cursor } = await batches.next();
    const metrics = await withTask(signal, (task) => trainer.step(pool, rows, learningRate, penalty, task));
    yield { step: trainer.steps, cursor, learningRate, penalty, metrics };
  }
}
