import type { Architecture, ModelIdentity } from "@lexiscope/contract";
import type { NativeDtype, NativeModel } from "@lexiscope/native";

/** An open model: weights in native memory, tokenizer, chat template. */
export interface Model {
  readonly name: string;
  readonly architecture: Architecture;
  readonly dtype: NativeDtype;
  readonly cpuPath: string;
  readonly tokenizer: Tokenizer;
  /** Absent when the model has none. */
  readonly chatTemplate: ChatTemplate | undefined;
  /** Ids that end a generation. */
  readonly stopTokens: readonly number[];
  readonly native: NativeModel;
  /** Name and hashes; the weights' hash is computed once and remembered beside the file's size and time. */
  identity(signal?: AbortSignal): Promise<ModelIdentity>;
}

export interface Tokenizer {
  /**
   * Token ids of a text, with whatever the tokenizer's own configuration adds and nothing else. Special tokens written in the text are read as such unless `literal`.
   * `addSpecial: false` leaves out what the configuration adds (for rendered chat templates).
   */
  encode(text: string, options?: { literal?: boolean; addSpecial?: boolean }): number[];
  /** Text of ids; special tokens are shown unless `skipSpecial`. Incomplete UTF-8 gives U+FFFD. */
  decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string;
  /** What one token reads as, on its own (bytes that are no text: `\xE2`-style escapes); for tables and highlighting. */
  tokenText(id: number): string;
  /** Raw bytes of one token, for streaming across token borders. */
  tokenBytes(id: number): Uint8Array;
  /** Ids run from 0 to size − 1. An embedding may have more rows (padding): those ids are never sampled. */
  readonly size: number;
  readonly specialIds: ReadonlySet<number>;
  readonly bosToken: string | undefined;
  readonly eosToken: string | undefined;
  /** SHA-256 of vocabulary and merges. */
  readonly hash: string;
}

export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface ChatTemplate {
  /** The prompt's text, special tokens written out; tokenise with `addSpecial: false`. */
  render(messages: readonly ChatMessage[], options: { addGenerationPrompt: boolean }): string;
}
