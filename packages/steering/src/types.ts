import type { FeatureSummary } from "@lexiscope/atlas";
import type { DictionaryManifest, Edit, EditPositions, VectorEdit } from "@lexiscope/contract";
import type { Dictionary } from "@lexiscope/dictionary";
import type { ChatMessage, Model } from "@lexiscope/model";
import type { Prompt } from "./prompt.ts";

/** A change at a site, as a person writes it (`clamp:1234=8x`) and as HTTP sends it (formats.md §6.2). */
export type { Edit, EditPositions, VectorEdit };
export type AnyEdit = Edit | VectorEdit;

export interface SamplingOptions {
  /** 0 = greedy. */
  temperature: number;
  topP: number;
  repetitionPenalty: number;
  /** −2 to 2, taken off a token's logit for every time that it was generated. The prompt does not count. */
  frequencyPenalty?: number | undefined;
  /** −2 to 2, taken off a token's logit once it was generated. The prompt does not count. */
  presencePenalty?: number | undefined;
  /** Token id → −100 to 100, added to its logit. −100 bans the token; where any has 100, only those are chosen from. */
  logitBias?: ReadonlyMap<number, number> | undefined;
  /** Most likely tokens named at each token, 0 to 20. When it is given, token events carry `top` and `bytes`. */
  topLogprobs?: number | undefined;
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

export type PromptInput = string | { messages: ChatMessage[] };

export interface GenerateOptions extends Partial<SamplingOptions>, EditOptions {
  /** One that `buildPrompt` has built is taken as it is. */
  prompt: PromptInput | Prompt;
  /** Runs of the same prompt in one batch: e.g. [[], edits] for plain beside edited. */
  variants: readonly (readonly AnyEdit[])[];
  /** A prompt for each variant that has one of its own: its side of a conversation. Absent: `prompt`. */
  prompts?: readonly (PromptInput | Prompt | undefined)[] | undefined;
  /** A seed for each variant, so that equal variants give different samples. Absent: all start at `seed`. */
  seeds?: readonly number[] | undefined;
}

/** A token with the model's own log probability, in nats. */
export interface LikelyToken {
  id: number;
  /** What it reads as on its own. */
  text: string;
  bytes: Uint8Array;
  logprob: number;
}

/**
 * What a generation yields as it goes. The texts of a variant's `token` events joined are its answer; a token whose text
 * is still held back (half a character, a possible stop text) has an empty one. `logprob` is the model's own, in nats,
 * before temperature, top-p, penalties and bias, and so are those of `top` (most likely first; the chosen token need not
 * be among them). The stop token has no event; other special tokens have no text.
 */
export type GenerationEvent =
  /** Of the longest prompt, and the most messages that one had to leave out, where variants have prompts of their own. */
  | { type: "start"; promptTokens: number; dropped: number }
  | { type: "warning"; message: string }
  | {
      type: "token";
      variant: number;
      id: number;
      text: string;
      logprob: number;
      /** With `topLogprobs`: the token's raw bytes, and the most likely tokens at its place. */
      bytes?: Uint8Array;
      top?: LikelyToken[];
    }
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
  /** Needed when there are edits of features. */
  atlas?: EditSource | undefined;
}
