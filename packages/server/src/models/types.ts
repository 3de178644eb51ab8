import type { FeatureChange, InspectResult, ModelIdentity, Problem, PromptTokens } from "@lexiscope/contract";
import type { AnyEdit, GenerationEvent, SamplingOptions } from "@lexiscope/steering";
import type { ChatMessage } from "@lexiscope/model";

/** A text to go on from, or a conversation to answer. */
export type PromptInput = string | { messages: ChatMessage[] };

/** An atlas as a worker opens it: by path, since it is another process. */
export interface AtlasPlace {
  name: string;
  path: string;
}

export interface InspectJob {
  atlas: AtlasPlace;
  text: string;
  top: number;
  pinned: readonly number[];
}

/** What fires on a text; names are added where the overlay is known. */
export interface Inspection extends InspectResult {
  /** [tokens] activations of each feature that was pinned; 0 where it is not among the active ones. */
  pinned: { index: number; maximum: number; activations: number[] }[];
  warnings: string[];
  /** Of the reading itself. */
  milliseconds: number;
}

export interface PromptJob {
  prompt: PromptInput;
  /** Room for an answer. */
  maxTokens: number;
}

/** A prompt's tokens. */
export type PromptReading = PromptTokens;

export interface GenerateVariant {
  edits: readonly AnyEdit[];
  /** Absent: the job's. */
  prompt?: PromptInput | undefined;
  seed?: number | undefined;
}

export interface GenerateJob {
  prompt: PromptInput;
  variants: readonly GenerateVariant[];
  sampling: Omit<SamplingOptions, "maxTokens"> & { /** Absent: as long as the context allows. */ maxTokens?: number | undefined };
  atlas: AtlasPlace | undefined;
  /** Refuse a conversation that does not fit, instead of leaving its oldest messages out. */
  whole?: boolean | undefined;
  /** Features that rose and fell between the first variant and each other one, afterwards: at most this many each way. */
  changes?: number | undefined;
  /** Strongest features at each token of the answers, afterwards. */
  features?: number | undefined;
}

/** A feature that fires on a token of an answer. */
export interface AnswerFeature {
  index: number;
  activation: number;
  share: number | null;
  word: string;
}

/** What a run yields in its worker after it has been let go. */
export type RunEvent =
  | GenerationEvent
  | { type: "changes"; variant: number; risen: Omit<FeatureChange, "name">[]; fallen: Omit<FeatureChange, "name">[] }
  | { type: "features"; variant: number; tokens: { id: number; text: string; features: AnswerFeature[] }[] }
  | { type: "done"; firstTokenMs: number; tokensPerSecond: number; tokens: number };

/** What is known of a run before it begins: everything that can be wrong with the request has been checked. */
export interface Prepared {
  promptTokens: number;
  /** Hash of the weights; known where there is an atlas to compare them with. */
  modelHash: string | undefined;
}

/** `prepared` first, then `queued` as the place in the queue changes (0 = at work), then the run's own events. */
export type PoolEvent = ({ type: "prepared" } & Prepared) | { type: "queued"; position: number } | RunEvent;

/** What a worker says of its model once it is open. */
export interface OpenedModel {
  name: string;
  context: number;
  bytes: number;
  chat: boolean;
  cpu: { path: string; threads: number; model: string };
}

/** An error as the outside may see it. */
export type WireError = Problem["error"];

/** An error on its way between processes; `detail` is for the log alone. */
export type ProcessError = WireError & { detail?: string };

export type ToWorker =
  | { type: "open"; ref: string; name: string; offline: boolean }
  | { type: "inspect"; id: number; job: InspectJob }
  | { type: "prompt"; id: number; job: PromptJob }
  | { type: "prepare"; id: number; job: GenerateJob }
  | { type: "go"; id: number }
  /** Ends a call: it answers with `end` or `error` when it has really stopped. */
  | { type: "cancel"; id: number };

export type FromWorker =
  /** The model is still being opened. */
  | { type: "opening"; message: string | undefined }
  | { type: "ready"; model: OpenedModel }
  | { type: "identity"; identity: ModelIdentity }
  | { type: "failed"; error: ProcessError }
  | { type: "inspected"; id: number; result: Inspection }
  | { type: "prompted"; id: number; result: PromptReading }
  | { type: "prepared"; id: number; prepared: Prepared }
  | { type: "events"; id: number; events: RunEvent[] }
  /** It has heard of a `cancel`: its thread is not at other work. */
  | { type: "stopping"; id: number }
  | { type: "end"; id: number }
  | { type: "error"; id: number; error: ProcessError };
