import type { Model } from "@lexiscope/model";
import { withTask, type NativeCache } from "@lexiscope/native";
import { compileEdits } from "./compile-edits.ts";
import type { MessageSpan } from "./message-spans.ts";
import type { PreparedEdit } from "./prepare-edits.ts";
import type { Prompt } from "./prompt.ts";
import { adjusts, chooseToken, type DrawState, notFinite, type TokenChoice } from "./sampling.ts";
import type { SamplingSettings } from "./sampling-settings.ts";

/** One sequence of a batch. */
export interface BatchRun extends DrawState {
  prompt: Prompt;
  /** Where the messages lie that edits name by their role. */
  messages: readonly MessageSpan[];
  /** Most tokens that can be fed. */
  longest: number;
  edits: readonly PreparedEdit[];
  /** Tokens that each edit reached so far, in steps whose token was taken. */
  covered: number[];
}

/** What a step has come to. */
export interface StepChoices {
  /** The next token of a row that was fed; once a row, under the row's state of now. */
  choose(row: number): TokenChoice;
}

/** The KV cache of a batch of runs, and what has been fed to it. */
export class Batch {
  readonly #model: Model;
  readonly #runs: readonly BatchRun[];
  readonly #settings: SamplingSettings;
  readonly #cache: NativeCache;
  readonly #fed: number[];

  constructor(model: Model, runs: readonly BatchRun[], settings: SamplingSettings) {
    this.#model = model;
    this.#runs = runs;
    this.#settings = settings;
    this.#cache = model.native.cache(runs.length, Math.max(...runs.map(({ longest }) => longest)));
    this.#fed = runs.map(() => 0);
  }

  /** Feeds tokens to each row under the row's own edits. One step at a time. */
  async step(tokens: readonly (readonly number[])[], signal: AbortSignal): Promise<StepChoices> {
    const { native, tokenizer } = this.#model;
    const settings = this.#settings;
    const rows = this.#runs.map(({ edits, prompt, messages }, r) => ({
      edits,
      start: this.#fed[r] ?? 0,
      tokens: tokens[r] ?? [],
      promptTokens: prompt.ids.length,
      messages,
    }));
    const { edits, covered } = compileEdits(rows, tokenizer.specialIds);
    const lengths = Int32Array.from(rows, (row) => row.tokens.length);
    for (const [r, length] of lengths.entries()) this.#fed[r] = (this.#fed[r] ?? 0) + length;
    const all = Int32Array.from(tokens.flat());
    const take = (row: number, choice: TokenChoice): TokenChoice => {
      const run = this.#runs[row] as BatchRun;
      run.covered = run.covered.map((count, i) => count + (covered[row]?.[i] ?? 0));
      return choice;
    };
    if (adjusts(settings)) {
      const size = native.vocabulary;
      const logits = await withTask(signal, (task) => native.extend(this.#cache, all, lengths, edits, task));
      const row = (r: number): Float32Array => logits.subarray(r * size, (r + 1) * size);
      return { choose: (r) => take(r, chooseToken(row(r), tokenizer.size, settings, this.#runs[r] as BatchRun)) };
    }
    const top = settings.topLogprobs ?? 0;
    const { temperature } = settings;
    const units = Float64Array.from(this.#runs, ({ random }, r) => (temperature > 0 && (lengths[r] ?? 0) > 0 ? random.next() : 0));
    const choosing = { vocabulary: Math.min(tokenizer.size, native.vocabulary), temperature, top, units };
    const choices = await withTask(signal, (task) => native.step(this.#cache, all, lengths, edits, choosing, task));
    return {
      choose: (r) => {
        const id = choices.ids[r] ?? -1;
        if (id < 0) throw notFinite();
        const named = Array.from(choices.topIds.subarray(r * top, (r + 1) * top), (other, i) => ({
          id: other,
          logprob: choices.topLogprobs[r * top + i] ?? Number.NaN,
        }));
        return take(r, { id, logprob: choices.logprobs[r] ?? Number.NaN, top: named.filter((other) => other.id >= 0) });
      },
    };
  }
}
