import { LexiscopeError, type Random } from "@lexiscope/core";
import type { SamplingOptions } from "./types.ts";

export const defaultSampling: SamplingOptions = { temperature: 0, topP: 1, repetitionPenalty: 1, maxTokens: 200, stop: [], seed: 0 };

/** Fills in the defaults (greedy, 200 tokens) and refuses what is out of range by name. */
export function samplingSettings(options: Partial<SamplingOptions>): SamplingOptions {
  const settings: SamplingOptions = {
    temperature: options.temperature ?? defaultSampling.temperature,
    topP: options.topP ?? defaultSampling.topP,
    repetitionPenalty: options.repetitionPenalty ?? defaultSampling.repetitionPenalty,
    maxTokens: options.maxTokens ?? defaultSampling.maxTokens,
    stop: options.stop ?? defaultSampling.stop,
    seed: options.seed ?? defaultSampling.seed,
  };
  const require = (ok: boolean, field: string, range: string): void => {
    if (!ok) throw new LexiscopeError("invalid_input", `${field} must be ${range}`, { field, hint: "leave it out for the default" });
  };
  require(settings.temperature >= 0 && settings.temperature <= 100, "temperature", "a number from 0 (greedy) to 100");
  require(settings.topP >= 0 && settings.topP <= 1, "topP", "a number from 0 to 1");
  require(settings.repetitionPenalty > 0 &&
    settings.repetitionPenalty <= 100, "repetitionPenalty", "a number above 0 (1 = none) and at most 100");
  require(Number.isSafeInteger(settings.maxTokens) && settings.maxTokens >= 1, "maxTokens", "a whole number of at least 1");
  require(Number.isSafeInteger(settings.seed), "seed", "a whole number");
  require(settings.stop.every((text) => text.length > 0), "stop", "texts that are not empty");
  return settings;
}

export interface TokenChoice {
  id: number;
  /** log p in nats under the logits as they came. */
  logprob: number;
}

/**
 * The next token from logits [V]. Ids at or past `vocabulary` are padding rows and never chosen. Order: repetition
 * penalty (Keskar et al. 2019: a seen token's positive logit is divided by it, a negative one multiplied), temperature,
 * then the smallest set of most likely tokens whose probabilities reach top-p (always at least one; ties by lower id).
 */
export function chooseToken(
  logits: Float32Array,
  vocabulary: number,
  settings: SamplingOptions,
  seen: ReadonlySet<number>,
  random: Random,
): TokenChoice {
  const size = Math.min(vocabulary, logits.length);
  const scores = new Float64Array(logits.subarray(0, size));
  if (!allBelowInfinity(scores)) {
    throw new LexiscopeError("invalid_input", "the model's logits are no longer finite numbers", {
      hint: "the edit is too strong; try a smaller value",
    });
  }
  if (settings.repetitionPenalty !== 1) {
    for (const id of seen) {
      const score = scores[id];
      if (score !== undefined) scores[id] = score > 0 ? score / settings.repetitionPenalty : score * settings.repetitionPenalty;
    }
  }
  const id = settings.temperature === 0 ? argmax(scores) : sample(scores, settings, random);
  return { id, logprob: (logits[id] ?? Number.NaN) - logSumExp(logits) };
}

/** log Σ exp over a vector. */
export function logSumExp(values: ArrayLike<number>): number {
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) max = Math.max(max, values[i] ?? -Infinity);
  if (max === -Infinity) return -Infinity;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp((values[i] ?? -Infinity) - max);
  return max + Math.log(sum);
}

/** Index of the largest value; the lowest of equals. */
function argmax(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? -Infinity) > (values[best] ?? -Infinity)) best = i;
  return best;
}

function sample(scores: Float64Array, { temperature, topP }: SamplingOptions, random: Random): number {
  const best = argmax(scores);
  const max = scores[best] ?? 0;
  if (max === -Infinity) return best;
  const weights = scores;
  let total = 0;
  for (let id = 0; id < scores.length; id++) {
    const weight = Math.exp(((scores[id] ?? 0) - max) / temperature);
    weights[id] = weight;
    total += weight;
  }
  const { cut, ties, mass } = topP < 1 ? nucleus(weights, topP * total, total) : { cut: -1, ties: 0, mass: total };
  let left = random.next() * mass;
  let tiesLeft = ties;
  for (let id = 0; id < weights.length; id++) {
    const weight = weights[id] ?? 0;
    if (weight < cut || (weight === cut && tiesLeft-- <= 0)) continue;
    left -= weight;
    if (left < 0) return id;
  }
  return best; // rounding left a sliver at the end
}

/** The smallest set of largest weights whose sum reaches `enough`: all above `cut`, `ties` of those equal to it, together `mass`. */
function nucleus(weights: Float64Array, enough: number, total: number): { cut: number; ties: number; mass: number } {
  // All weights below this together weigh less than total − enough, so none of them is needed: spares sorting the vocabulary.
  const floor = (total - enough) / weights.length;
  const candidates = new Float64Array(weights.length);
  let count = 0;
  for (let id = 0; id < weights.length; id++) {
    const weight = weights[id] ?? 0;
    if (weight >= floor) candidates[count++] = weight;
  }
  const ascending = candidates.subarray(0, count).sort();
  let [mass, cut, ties] = [0, 0, 0];
  for (let i = ascending.length - 1; i >= 0 && (mass < enough || ties === 0); i--) {
    const weight = ascending[i] ?? 0;
    ties = weight === cut ? ties + 1 : 1;
    cut = weight;
    mass += weight;
  }
  return { cut, ties, mass };
}

function allBelowInfinity(values: Float64Array): boolean {
  for (const value of values) if (!(value < Infinity)) return false;
  return true;
}
