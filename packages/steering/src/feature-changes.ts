import { LexiscopeError } from "@lexiscope/core";
import type { LeftOut } from "@lexiscope/atlas";
import type { Model } from "@lexiscope/model";
import { readFeatures, type Activation, type ReadToken } from "./read-features.ts";
import type { EditSource } from "./types.ts";

interface ReadingOptions {
  model: Model;
  atlas: EditSource;
  /** Token ids of the prompt, as `buildPrompt` gives them. */
  prompt: readonly number[];
  signal?: AbortSignal | undefined;
}

export interface FeatureChangesOptions extends ReadingOptions {
  /** Token ids of the two answers to the prompt. */
  plain: readonly number[];
  edited: readonly number[];
  /** Where the edited answer had a prompt of its own: that one. */
  editedPrompt?: readonly number[] | undefined;
  /** Features named in each list (10). */
  top?: number | undefined;
}

export interface FeatureChange {
  index: number;
  /** Mean activation over the answer's kept tokens, in units of the residual stream. */
  plain: number;
  edited: number;
  /** (edited − plain) / the feature's maximum in the atlas. */
  change: number;
}

export interface FeatureChanges {
  /** Largest change first, and most negative first. Features without a change are in neither. */
  risen: FeatureChange[];
  fallen: FeatureChange[];
  /** Tokens that the means are over. */
  tokens: { plain: number; edited: number };
}

/**
 * Which features an edit made rise and fall, judged by what was written: both answers are read again after their prompt
 * *without* edits, so the edit itself does not count, only its effect on the text. For each feature i the mean of a_i over
 * the answer's kept tokens (silent = 0; special tokens and outliers are left out by the dictionary's rule) is taken in
 * both; change = (edited − plain) / maximum_i. A feature that never fired in the atlas has no maximum and is left out.
 * Both lists are empty when an answer has no kept token.
 */
export async function featureChanges(options: FeatureChangesOptions): Promise<FeatureChanges> {
  const { model, atlas, prompt, editedPrompt = prompt, plain, edited, signal } = options;
  const top = checkTop(options.top);
  const readings = [
    { ids: [...prompt, ...plain], from: prompt.length },
    { ids: [...editedPrompt, ...edited], from: editedPrompt.length },
  ];
  const [before = [], after = []] = await readFeatures(model, atlas, readings, signal);
  const [was, is] = [meanActivations(before), meanActivations(after)];
  const tokens = { plain: was.tokens, edited: is.tokens };
  if (was.tokens === 0 || is.tokens === 0) return { risen: [], fallen: [], tokens };
  const changes: FeatureChange[] = [];
  for (const index of new Set([...was.means.keys(), ...is.means.keys()])) {
    const { maximum } = atlas.summary(index);
    const [a, b] = [was.means.get(index) ?? 0, is.means.get(index) ?? 0];
    if (maximum > 0 && a !== b) changes.push({ index, plain: a, edited: b, change: (b - a) / maximum });
  }
  const ordered = changes.toSorted((a, b) => b.change - a.change || a.index - b.index);
  const fallen = changes.filter(({ change }) => change < 0).toSorted((a, b) => a.change - b.change || a.index - b.index);
  return { risen: ordered.filter(({ change }) => change > 0).slice(0, top), fallen: fallen.slice(0, top), tokens };
}

export interface AnswerFeaturesOptions extends ReadingOptions {
  /** Token ids of the answer. */
  answer: readonly number[];
  /** Strongest features named at each token (10). */
  top?: number | undefined;
}

export interface AnswerToken {
  id: number;
  text: string;
  /** Position in the whole sequence, prompt included. */
  position: number;
  /** Why the token has no features, where the dictionary's rule leaves it out. */
  leftOut?: LeftOut;
  /** Features that fire here, and the strongest of them; share = activation / maximum, absent where there is none. */
  active: number;
  features: (Activation & { share: number | undefined })[];
}

/** The features of every token of an answer, read again after its prompt without edits. Tokens beyond the context have none. */
export async function answerFeatures(options: AnswerFeaturesOptions): Promise<AnswerToken[]> {
  const { model, atlas, prompt, answer, signal } = options;
  const top = checkTop(options.top);
  const [read = []] = await readFeatures(model, atlas, [{ ids: [...prompt, ...answer], from: prompt.length }], signal);
  return read.map((token, i) => {
    const id = answer[i] ?? -1;
    const place = { id, text: model.tokenizer.tokenText(id), position: prompt.length + i };
    if ("leftOut" in token) return { ...place, leftOut: token.leftOut, active: 0, features: [] };
    const features = token.features.slice(0, top).map(({ index, activation }) => {
      const { maximum } = atlas.summary(index);
      return { index, activation, share: maximum > 0 ? activation / maximum : undefined };
    });
    return { ...place, active: token.features.length, features };
  });
}

/** Mean a_i over the tokens that are not left out, for every feature that fires at any. */
function meanActivations(read: readonly ReadToken[]): { means: Map<number, number>; tokens: number } {
  const kept = read.flatMap((token) => ("features" in token ? [token.features] : []));
  const means = new Map<number, number>();
  for (const { index, activation } of kept.flat()) means.set(index, (means.get(index) ?? 0) + activation / kept.length);
  return { means, tokens: kept.length };
}

function checkTop(top = 10): number {
  if (!Number.isInteger(top) || top < 0)
    throw new LexiscopeError("invalid_input", `top is ${top}; it must be a whole number from 0`, { field: "top" });
  return top;
}
