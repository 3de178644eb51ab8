import type { ActivationStore } from "@lexiscope/activations";
import { LexiscopeError, type WorkOptions } from "@lexiscope/core";
import type { Dictionary } from "@lexiscope/dictionary";
import type { Model } from "@lexiscope/model";

export interface BuildAtlasOptions extends WorkOptions {
  store: ActivationStore;
  dictionary: Dictionary;
  model: Model;
  /** A name on the shelf of atlases, or a path. */
  out: string;
  /** Replace an atlas of that name once the new one is whole. */
  replace?: boolean | undefined;
  /** Strongest examples a feature (20). */
  top?: number | undefined;
  /** Equal intervals of (0, maximum] (10), and samples in each (3). */
  intervals?: number | undefined;
  perInterval?: number | undefined;
  /** Neighbours by cosine and by co-activation (20 each). */
  neighbours?: number | undefined;
  /** Seed of the interval samples. */
  seed?: number | undefined;
}

export interface BuildSettings {
  top: number;
  intervals: number;
  perInterval: number;
  neighbours: number;
  seed: number;
}

/** Fills in what was not given; values out of range are named. */
export function buildSettings(options: BuildAtlasOptions): BuildSettings {
  const whole = (field: keyof BuildSettings, value: number, least: number, most: number): number => {
    if (!Number.isInteger(value) || value < least || value > most)
      throw new LexiscopeError("invalid_input", `${field} is ${value}; it must be a whole number from ${least} to ${most}`, { field });
    return value;
  };
  return {
    top: whole("top", options.top ?? 20, 1, 1000),
    intervals: whole("intervals", options.intervals ?? 10, 1, 64),
    perInterval: whole("perInterval", options.perInterval ?? 3, 0, 1000),
    neighbours: whole("neighbours", options.neighbours ?? 20, 0, 1000),
    seed: whole("seed", options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER),
  };
}

/** Store, dictionary and model must speak of the same activations. */
export async function refuseMismatch({ store, dictionary, model, signal }: BuildAtlasOptions): Promise<void> {
  const { site, d, model: made } = dictionary.manifest;
  const mismatch = (message: string, field: string, hint: string): LexiscopeError =>
    new LexiscopeError("mismatch", message, { file: dictionary.path, field, hint });
  const stored = store.manifest.sites.find((candidate) => candidate.name === site);
  if (!stored)
    throw mismatch(
      `the dictionary is for ${site}; the store has ${store.manifest.sites.map(({ name }) => name).join(", ")}`,
      "site",
      `harvest ${site}, or choose a dictionary for a site of this store`,
    );
  if (stored.d !== d)
    throw mismatch(`the dictionary has width ${d}; the store's rows have ${stored.d}`, "d", "choose a dictionary and a store of one model");
  if (store.manifest.model.weightsHash !== made.weightsHash)
    throw mismatch(
      `the dictionary was made for ${made.name}; the store holds activations of other weights (${store.manifest.model.name})`,
      "model",
      "harvest with the dictionary's model",
    );
  const { weightsHash, name } = await model.identity(signal);
  if (weightsHash !== made.weightsHash)
    throw mismatch(
      `the dictionary was made for other weights of ${made.name}; the open model is ${name}`,
      "model",
      "open the model that the dictionary names",
    );
}
