import type { Work } from "@lexiscope/core";
import type { Metrics, TrainConfig } from "@lexiscope/contract";
import type { ActivationStore } from "@lexiscope/activations";
import type { Model } from "@lexiscope/model";
import type { NativeDictionary, NativeTrainer } from "@lexiscope/native";
import { pcaBaseline, randomBaseline } from "./baselines.ts";
import { reconstructionMetrics, type HeldOutSample } from "./held-out.ts";
import { shapeOf } from "./architectures/index.ts";
import { nativeDictionary } from "./native-dictionary.ts";
import type { SiteStatistics } from "./normalise.ts";
import { lossContexts, patchedLoss, type Patch } from "./patched-loss.ts";

export interface EvaluationOptions {
  /** Held-out rows for FVU and L0. */
  rows: number;
  /** Held-out tokens for ΔCE, which runs the whole model once for each number; 0 = leave it out. */
  ceTokens: number;
  /** Steps of the random baseline as a share of the run's; 1 = the same budget, 0 = leave it out. */
  baselineBudget: number;
  /** PCA with as many components as L0. */
  pca: boolean;
}

/** Defaults; the tokens for ΔCE grow with the run, so that a short one is not outlasted by its own evaluation. */
export function evaluationFor({ steps, batch }: Pick<TrainConfig, "steps" | "batch">): EvaluationOptions {
  return { rows: 65_536, ceTokens: Math.min(32_768, Math.max(2048, Math.round((steps * batch) / 400))), baselineBudget: 1, pca: true };
}

export interface EvaluationResults {
  metrics: Metrics;
  random: Metrics | null;
  pca: Metrics | null;
  randomSteps: number;
  pcaComponents: number;
}

export interface EvaluationInput {
  trainer: NativeTrainer;
  store: ActivationStore;
  statistics: SiteStatistics;
  config: TrainConfig;
  model: Model | undefined;
  heldOut: HeldOutSample;
  evaluation: EvaluationOptions;
  signal: AbortSignal | undefined;
}

/** All numbers on held-out documents: the dictionary, a random dictionary and PCA, on the same tokens. */
export async function* evaluateAll(input: EvaluationInput): Work<EvaluationResults> {
  const { trainer, statistics, config, heldOut, evaluation, signal } = input;
  const score = await createScorer(input);
  yield { phase: "evaluate", done: 0, total: heldOut.n, unit: "rows", rate: 0, message: "held-out documents" };
  const metrics = yield* score("dictionary", await nativeDictionary(trainer.weights(), shapeOf(config, statistics.d), signal));
  const randomSteps = Math.round(config.steps * Math.min(1, Math.max(0, evaluation.baselineBudget)));
  const random = randomSteps > 0 ? yield* score("random dictionary", yield* randomBaseline({ ...input, steps: randomSteps })) : null;
  const pcaComponents = evaluation.pca ? Math.min(statistics.d, Math.max(1, Math.round(metrics.l0))) : 0;
  const pca = pcaComponents > 0 ? yield* score("PCA", yield* pcaBaseline({ ...input, components: pcaComponents })) : null;
  return { metrics, random, pca: pca && { ...pca, l0: pcaComponents }, randomSteps, pcaComponents };
}

/** Returns a function that scores one dictionary; the clean and the mean-ablated loss are taken once. */
export async function createScorer({
  store,
  statistics,
  model,
  heldOut,
  evaluation,
  signal,
}: Pick<EvaluationInput, "store" | "statistics" | "model" | "heldOut" | "signal"> & {
  evaluation: Pick<EvaluationOptions, "ceTokens">;
}): Promise<(what: string, dictionary: NativeDictionary) => Work<Metrics>> {
  const site = statistics.name;
  const contexts = model && evaluation.ceTokens > 0 ? await lossContexts(store, evaluation.ceTokens) : [];
  let reference: { ceClean: number; deltaCeMeanAblation: number } | undefined;
  return async function* score(what, dictionary) {
    const metrics = await reconstructionMetrics(dictionary, heldOut, signal);
    if (!model || contexts.length === 0) return metrics;
    const loss = (patch: Patch): Promise<{ ce: number; tokens: number }> => patchedLoss({ model, store, site, contexts, patch, signal });
    yield { phase: "evaluate", done: 0, total: 0, unit: "tokens", rate: 0, message: `${what}: loss of the model with x̂ in place of x` };
    if (!reference) {
      const clean = await loss({ kind: "none" });
      const ablated = await loss({ kind: "mean", mean: Float32Array.from(statistics.mean) });
      reference = { ceClean: clean.ce, deltaCeMeanAblation: ablated.ce - clean.ce };
    }
    const { ce, tokens } = await loss({ kind: "reconstruction", dictionary });
    return { ...metrics, ...reference, cePatched: ce, deltaCe: ce - reference.ceClean, ceTokens: tokens };
  };
}
