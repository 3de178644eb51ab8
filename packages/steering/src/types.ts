import type { Atlas } from "@lexiscope/atlas";
import type { ChatMessage, Model } from "@lexiscope/model";

/** A change at a site, as a person writes it (`clamp:1234=8x`) and as HTTP sends it (formats.md §6.2). */
export interface Edit {
  op: "clamp" | "add" | "scale" | "ablate";
  feature: number;
  /** clamp, add: in `unit`; scale: a plain factor; ablate: ignored. */
  value: number;
  /** max: × the atlas maximum of a_i; activation: units of a_i; norm: × median residual norm at the site. */
  unit: "max" | "activation" | "norm";
  positions: "all" | "prompt" | "generated" | { from: number; to: number };
}

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

export interface GenerateOptions extends Partial<SamplingOptions> {
  prompt: string | { messages: ChatMessage[] };
  /** Runs of the same prompt in one batch: e.g. [[], edits] for plain beside edited. */
  variants: Edit[][];
  /** Edits also change position 0 and special tokens. Off by default. */
  editEverywhere?: boolean;
  signal?: AbortSignal | undefined;
}

/** What a generation yields as it goes. */
export type GenerationEvent =
  | { type: "start"; promptTokens: number; dropped: number }
  | { type: "token"; variant: number; id: number; text: string; logprob: number }
  | { type: "end"; variant: number; reason: "stop" | "length" | "context" };

export interface SteeringContext {
  model: Model;
  /** Needed when there are edits. */
  atlas?: Atlas;
}
