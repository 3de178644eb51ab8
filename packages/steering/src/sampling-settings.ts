import { LexiscopeError } from "@lexiscope/core";
import type { SamplingOptions } from "./types.ts";

/** {@link SamplingOptions} with every default filled in. */
export interface SamplingSettings extends SamplingOptions {
  frequencyPenalty: number;
  presencePenalty: number;
  logitBias: ReadonlyMap<number, number>;
}

export const defaultSampling: SamplingOptions = { temperature: 0, topP: 1, repetitionPenalty: 1, maxTokens: 200, stop: [], seed: 0 };

const maxTopLogprobs = 20;
/** OpenAI: a bias of −100 bans a token, one of 100 selects it exclusively. */
export const banned = -100;
export const exclusive = 100;

/**
 * Fills in the defaults (greedy, 200 tokens) and refuses what is out of range by name. `vocabulary`: ids at or past it
 * cannot be biased.
 */
export function samplingSettings(options: Partial<SamplingOptions>, vocabulary = Infinity): SamplingSettings {
  const settings: SamplingSettings = {
    temperature: options.temperature ?? defaultSampling.temperature,
    topP: options.topP ?? defaultSampling.topP,
    repetitionPenalty: options.repetitionPenalty ?? defaultSampling.repetitionPenalty,
    frequencyPenalty: options.frequencyPenalty ?? 0,
    presencePenalty: options.presencePenalty ?? 0,
    logitBias: options.logitBias ?? new Map(),
    topLogprobs: options.topLogprobs,
    maxTokens: options.maxTokens ?? defaultSampling.maxTokens,
    stop: options.stop ?? defaultSampling.stop,
    seed: options.seed ?? defaultSampling.seed,
  };
  const require = (ok: boolean, field: string, range: string): void => {
    if (!ok) throw new LexiscopeError("invalid_input", `${field} must be ${range}`, { field, hint: "leave it out for the default" });
  };
  const between = (value: number, least: number, most: number): boolean => value >= least && value <= most;
  require(between(settings.temperature, 0, 100), "temperature", "a number from 0 (greedy) to 100");
  require(between(settings.topP, 0, 1), "topP", "a number from 0 to 1");
  require(settings.repetitionPenalty > 0 &&
    settings.repetitionPenalty <= 100, "repetitionPenalty", "a number above 0 (1 = none) and at most 100");
  require(between(settings.frequencyPenalty, -2, 2), "frequencyPenalty", "a number from -2 to 2");
  require(between(settings.presencePenalty, -2, 2), "presencePenalty", "a number from -2 to 2");
  const { topLogprobs = 0 } = settings;
  require(Number.isInteger(topLogprobs) &&
    between(topLogprobs, 0, maxTopLogprobs), "topLogprobs", `a whole number from 0 to ${maxTopLogprobs}`);
  for (const [id, bias] of settings.logitBias) {
    const known = Number.isInteger(id) && id >= 0 && id < vocabulary;
    require(known, "logitBias", `by token ids from 0 to ${vocabulary - 1}; ${id} is none`);
    require(between(bias, banned, exclusive), "logitBias", `a number from ${banned} to ${exclusive} for each token (${id} has ${bias})`);
  }
  require(Number.isSafeInteger(settings.maxTokens) && settings.maxTokens >= 1, "maxTokens", "a whole number of at least 1");
  require(Number.isSafeInteger(settings.seed), "seed", "a whole number");
  require(settings.stop.every((text) => text.length > 0), "stop", "texts that are not empty");
  return settings;
}
