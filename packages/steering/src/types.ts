import type { FeatureSummary } from "@lexiscope/atlas";
import type { DictionaryManifest, Edit } from "@lexiscope/contract";
import type { Dictionary } from "@lexiscope/dictionary";
import type { ChatMessage, Model } from "@lexiscope/model";

/** A change at a site, as a person writes it (`clamp:1234=8x`) and as HTTP sends it (formats.md §6.2). */
export type { Edit };

export interface SamplingOptions {
  /** 0 = greedy. */
  temperature: number;
  topP: number;
  repetitionPenalty: number;
  maxTokens: number;
  /** Texts that end the answer. */
  stop: string[];
  seed: number;
}

/** How edits meet a model. */
export interface EditOptions {
  /** Edits also change position 0, special tokens and tokens of outlying norm. Off by default. */
  editEverywhere?: boolean | undefined;
  /** Accept a dictionary that was made for another model of the same shape, with a warning. Off by default. */
  allowOtherModel?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface GenerateOptions extends Partial<SamplingOptions>, EditOptions {
  prompt: string | { messages: ChatMessage[] };
  /** Runs of the same prompt in one batch: e.g. [[], edits] for plain beside edited. */
  variants: Edit[][];
}

/**
 * What a generation yields as it goes. The texts of a variant's `token` events joined are its answer; a token whose text
 * is still held back (half a character, a possible stop text) has an empty one. `logprob` is the model's own, in nats,
 * before temperature, top-p and penalty. The stop token has no event; other special tokens have no text.
 */
export type GenerationEvent =
  | { type: "start"; promptTokens: number; dropped: number }
  | { type: "warning"; message: string }
  | { type: "token"; variant: number; id: number; text: string; logprob: number }
  | { type: "end"; variant: number; reason: "stop" | "length" | "context" };

/** What edits need of an atlas; every `Atlas` is one. */
export interface EditSource {
  readonly manifest: { readonly dictionary: Pick<DictionaryManifest, "model" | "site" | "features" | "keep" | "medianNorm"> };
  dictionary(signal?: AbortSignal): Promise<Pick<Dictionary, "native" | "direction">>;
  summary(feature: number): Pick<FeatureSummary, "maximum">;
  /** Where the activations are recorded: how far this model's are from them, 0 = not at all. */
  drift?(model: Model, signal?: AbortSignal): Promise<number | undefined>;
}

export interface SteeringContext {
  model: Model;
  /** Needed when there are edits. */
  atlas?: EditSource | undefined;
}
