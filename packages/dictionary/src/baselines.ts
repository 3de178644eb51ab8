import { RateMeter, type Work } from "@lexiscope/core";
import type { TrainConfig } from "@lexiscope/contract";
import type { ActivationStore } from "@lexiscope/activations";
import { loadAddon, withTask, type NativeDictionary } from "@lexiscope/native";
import { shapeOf } from "./architectures/index.ts";
import { nativeDictionary } from "./native-dictionary.ts";
import type { SiteStatistics } from "./normalise.ts";
import { createTrainer, runSteps, trainingBatches } from "./steps.ts";

/** Training rows from which the principal components are taken: many times the width of any model here. */
const pcaRows = 131_072;

export interface BaselineOptions {
  store: ActivationStore;
  statistics: SiteStatistics;
  config: TrainConfig;
  signal: AbortSignal | undefined;
}

/** A dictionary whose decoder stays at its random start while its encoder is trained for `steps` steps on the same rows. */
export async function* randomBaseline(options: BaselineOptions & { steps: number }): Work<NativeDictionary> {
  const { store, statistics, signal, steps } = options;
  const share = steps / options.config.steps;
  const config = { ...options.config, steps, warmupSteps: Math.round(options.config.warmupSteps * share) };
  const trainer = await createTrainer({ store, statistics, config, freezeDecoder: true, signal });
  const batches = await trainingBatches(store, statistics.name, config);
  const meter = new RateMeter();
  let shown = 0;
  for await (const { step, metrics } of runSteps({ trainer, batches, config, signal })) {
    if (performance.now() - shown < 100 && step < steps) continue;
    shown = performance.now();
    const done = step * config.batch;
    yield {
      phase: "baseline",
      done,
      total: steps * config.batch,
      unit: "tokens",
      rate: meter.update(done),
      metrics: { loss: metrics.loss, fvu: metrics.fvu, l0: metrics.l0 },
      message: "random dictionary",
    };
  }
  return nativeDictionary(trainer.weights(), shapeOf(config, statistics.d), signal);
}

/** PCA with `components` components, as a dictionary whose features are all active: x̂ = mean + Σ (c·(x − mean)) c. */
export async function* pcaBaseline(options: BaselineOptions & { components: number }): Work<NativeDictionary> {
  const { store, statistics, config, signal } = options;
  const { d, name } = statistics;
  const pca = new (loadAddon().Pca)(d);
  const batch = 4096;
  const batches = await trainingBatches(store, name, config);
  const total = Math.min(pcaRows, batches.trainRows);
  for (let done = 0; done < total;) {
    const { pool, rows } = await batches.next();
    const sample = new Uint16Array(Math.min(rows.length, total - done) * d);
    for (let i = 0; i * d < sample.length; i++) sample.set(pool.subarray((rows[i] as number) * d, ((rows[i] as number) + 1) * d), i * d);
    for (let from = 0; from < sample.length; from += batch * d)
      await withTask(signal, (task) => pca.add(sample.subarray(from, from + batch * d), task));
    done += sample.length / d;
    yield { phase: "baseline", done, total, unit: "rows", rate: 0, message: "principal components" };
  }
  const { components, mean } = await withTask(signal, (task) => pca.finish(options.components, task));
  const weights = { encoder: components, encoderBias: new Float32Array(options.components), decoder: components, decoderBias: mean };
  return nativeDictionary(weights, { d, features: options.components, activation: { kind: "identity" } }, signal);
}
