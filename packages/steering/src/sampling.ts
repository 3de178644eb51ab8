import { LexiscopeError, type Random } from "@lexiscope/core";
import { loadAddon } from "@lexiscope/native";
import { banned, exclusive, type SamplingSettings } from "./sampling-settings.ts";

/** What a run's earlier tokens mean for its next one. */
export interface DrawState {
  /** Tokens of prompt and answer, for the repetition penalty. */
  seen: ReadonlySet<number>;
  /** How often each token was generated, for the frequency and presence penalties. */
  counts: ReadonlyMap<number, number>;
  random: Random;
}

export interface TokenChoice {
  id: number;
  /** log p in nats under the logits as they came. */
  logprob: number;
  /** The `topLogprobs` most likely tokens under the logits as they came, most likely first, ties by lower id. */
  top: { id: number; logprob: number }[];
}

/**
 * The next token from logits [V]. Ids at or past `vocabulary` are padding rows and never chosen. Order: repetition
 * penalty (Keskar et al. 2019: a seen token's positive logit is divided by it, a negative one multiplied), frequency and
 * presence penalties (OpenAI: logit −= count·frequency + (count > 0)·presence; counts are of generated tokens only, as in
 * vLLM), logit bias, temperature, then the smallest set of most likely tokens whose probabilities reach top-p (always at
 * least one; ties by lower id).
 */
export function chooseToken(logits: Float32Array, vocabulary: number, settings: SamplingSettings, state: DrawState): TokenChoice {
  const size = Math.min(vocabulary, logits.length);
  const own = logits.subarray(0, size);
  const mostLikely = finiteArgmax(own);
  const total = loadAddon().logSumExp(logits);
  // The sum is rounded to f32, which must not make a probability more than 1.
  const logprobOf = (token: number): number => Math.min(0, (logits[token] ?? Number.NaN) - total);
  const id = adjusts(settings) ? chooseAdjusted(own, settings, state) : choosePlain(own, mostLikely, settings, state.random);
  return {
    id,
    logprob: logprobOf(id),
    top: largest(own, settings.topLogprobs ?? 0).map((other) => ({ id: other, logprob: logprobOf(other) })),
  };
}

/** Whether settings need the whole row of logits: penalties, biases and top-p do. What most requests ask for is chosen natively. */
export function adjusts({ topP, temperature, repetitionPenalty, frequencyPenalty, presencePenalty, logitBias }: SamplingSettings): boolean {
  const cut = topP < 1 && temperature > 0;
  return cut || repetitionPenalty !== 1 || frequencyPenalty !== 0 || presencePenalty !== 0 || logitBias.size > 0;
}

function choosePlain(own: Float32Array, mostLikely: number, { temperature }: SamplingSettings, random: Random): number {
  if (temperature === 0 || own[mostLikely] === -Infinity) return mostLikely;
  return loadAddon().drawToken(own, temperature, random.next());
}

/** One for all calls: memory from the system comes in fresh pages, which cost as much as the sums. */
let scratch = new Float64Array(0);

function chooseAdjusted(own: Float32Array, settings: SamplingSettings, { seen, counts, random }: DrawState): number {
  if (scratch.length < own.length) scratch = new Float64Array(own.length);
  const scores = scratch.subarray(0, own.length);
  scores.set(own);
  const { repetitionPenalty, frequencyPenalty, presencePenalty, logitBias } = settings;
  if (repetitionPenalty !== 1) {
    for (const id of seen) {
      const score = scores[id];
      if (score !== undefined) scores[id] = score > 0 ? score / repetitionPenalty : score * repetitionPenalty;
    }
  }
  if (frequencyPenalty !== 0 || presencePenalty !== 0) {
    for (const [id, count] of counts) {
      const score = scores[id];
      if (score !== undefined && count > 0) scores[id] = score - count * frequencyPenalty - presencePenalty;
    }
  }
  addBias(scores, logitBias);
  return settings.temperature === 0 ? argmax(scores) : sample(scores, settings, random);
}

function addBias(scores: Float64Array, logitBias: ReadonlyMap<number, number>): void {
  if (logitBias.size === 0) return;
  const selected = [...logitBias].filter(([, bias]) => bias >= exclusive).map(([id]) => [id, scores[id] ?? -Infinity] as const);
  for (const [id, bias] of logitBias) {
    if (id < scores.length) scores[id] = bias <= banned ? -Infinity : (scores[id] ?? -Infinity) + bias;
  }
  if (selected.length > 0) {
    scores.fill(-Infinity);
    for (const [id, score] of selected) scores[id] = score;
  }
  if (scores[argmax(scores)] === -Infinity) {
    throw new LexiscopeError("invalid_input", "logitBias leaves no token to choose from", {
      field: "logitBias",
      hint: "a bias of -100 bans a token; leave at least one",
    });
  }
}

/** Indices of the `count` largest values, largest first, ties by lower index. */
function largest(values: Float32Array, count: number): number[] {
  const kept: number[] = [];
  if (count === 0) return kept;
  let least = -Infinity;
  for (let id = 0; id < values.length; id++) {
    const value = values[id] ?? -Infinity;
    if (kept.length === count && value <= least) continue;
    const at = kept.findLastIndex((other) => (values[other] ?? -Infinity) >= value) + 1;
    kept.splice(at, 0, id);
    if (kept.length > count) kept.pop();
    least = values[kept.at(-1) ?? 0] ?? -Infinity;
  }
  return kept;
}

/** Index of the largest value; the lowest of equals. */
function argmax(values: ArrayLike<number>): number {
  let best = 0;
  let most = values[0] ?? -Infinity;
  for (let i = 1; i < values.length; i++) {
    const value = values[i] ?? -Infinity;
    if (value > most) {
      best = i;
      most = value;
    }
  }
  return best;
}

function sample(scores: Float64Array, { temperature, topP }: SamplingSettings, random: Random): number {
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

/** {@link argmax} of logits, which must all be below infinity. */
function finiteArgmax(logits: Float32Array): number {
  let best = 0;
  let most = -Infinity;
  let finite = true;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i] ?? Number.NaN;
    finite &&= value < Infinity;
    if (value > most) {
      best = i;
      most = value;
    }
  }
  if (finite) return best;
  throw notFinite();
}

export function notFinite(): LexiscopeError {
  return new LexiscopeError("invalid_input", "the model's logits are no longer finite numbers", {
    hint: "the edit is too strong; try a smaller value",
  });
}
