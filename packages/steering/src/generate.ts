import { LexiscopeError, createRandom, throwIfAborted, type Random } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import { withTask, type NativeCache } from "@lexiscope/native";
import { AnswerText } from "./answer-text.ts";
import { compileEdits, refuseUnreachable } from "./compile-edits.ts";
import { formatEdit } from "./parse-edit.ts";
import { prepareEdits, type PreparedEdit } from "./prepare-edits.ts";
import { buildPrompt } from "./prompt.ts";
import { chooseToken, samplingSettings } from "./sampling.ts";
import type { GenerateOptions, GenerationEvent, SamplingOptions, SteeringContext } from "./types.ts";

/** Runs of one prompt that share a batch; each holds a KV cache of its own. */
const maxVariants = 32;

type TokenEvent = Extract<GenerationEvent, { type: "token" }>;
type EndReason = Extract<GenerationEvent, { type: "end" }>["reason"];

/** One sequence of the batch. */
interface Run {
  edits: readonly PreparedEdit[];
  /** Tokens that each edit reached so far. */
  covered: number[];
  random: Random;
  seen: Set<number>;
  text: AnswerText;
  generated: number;
  /** The token to feed next; undefined when the run has ended. */
  next: number | undefined;
  /** The last token, while some of its text is held back. */
  waiting: TokenEvent | undefined;
}

/**
 * Continues a prompt once for every variant, all in one batch. A variant's answer does not depend on the others beside
 * it: each draws from a random stream of its own that starts at `seed`. Every call builds its own KV cache, so no run
 * sees keys and values made under other edits. Errors: those of {@link prepareEdits} and the prompt; an edit that can
 * reach no token is refused, one that reached none because the answer ended first is said in a warning.
 */
export async function* generate(context: SteeringContext, options: GenerateOptions): AsyncGenerator<GenerationEvent, void, void> {
  const { model } = context;
  const { signal } = options;
  const settings = samplingSettings(options);
  if (options.variants.length < 1 || options.variants.length > maxVariants) {
    throw new LexiscopeError("invalid_input", `${options.variants.length} variants: 1 to ${maxVariants} can run together`, {
      field: "variants",
    });
  }
  const { variants, warnings } = await prepareEdits(context, options.variants, options);
  const prompt = buildPrompt(model, options.prompt, settings.maxTokens);
  // The last token is chosen and never fed back, so a run feeds one token less than it has.
  const longest = Math.min(model.architecture.context, prompt.ids.length + settings.maxTokens - 1);
  for (const edits of variants) refuseUnreachable(edits, prompt.ids, longest, model.tokenizer.specialIds);
  yield { type: "start", promptTokens: prompt.ids.length, dropped: prompt.dropped };
  for (const message of warnings) yield { type: "warning", message };

  const runs = variants.map((edits): Run => ({
    edits,
    covered: edits.map(() => 0),
    random: createRandom(settings.seed),
    seen: new Set(prompt.ids),
    text: new AnswerText(settings.stop),
    generated: 0,
    next: undefined,
    waiting: undefined,
  }));
  const batch = new Batch(model, runs, prompt.ids.length, longest);
  let logits = await batch.extend(
    runs.map(() => prompt.ids),
    signal,
  );
  const live = new Set(runs.keys());
  while (live.size > 0) {
    for (const variant of live) {
      throwIfAborted(signal);
      const run = runs[variant] as Run;
      const row = logits.subarray(variant * model.native.vocabulary, (variant + 1) * model.native.vocabulary);
      const { events, reason } = step(
        model,
        run,
        variant,
        row,
        settings,
        prompt.ids.length + run.generated >= longest ? longest : undefined,
      );
      yield* events;
      if (reason === undefined) continue;
      live.delete(variant);
      run.next = undefined;
      yield* unreached(run);
      yield { type: "end", variant, reason };
    }
    if (live.size > 0)
      logits = await batch.extend(
        runs.map(({ next }) => (next === undefined ? [] : [next])),
        signal,
      );
  }
}

/** Chooses a run's next token and says what came of it. `full` is set when the sequence cannot be fed another token. */
function step(
  model: Model,
  run: Run,
  variant: number,
  logits: Float32Array,
  settings: SamplingOptions,
  full: number | undefined,
): { events: TokenEvent[]; reason: EndReason | undefined } {
  const { id, logprob } = chooseToken(logits, model.tokenizer.size, settings, run.seen, run.random);
  const events: TokenEvent[] = run.waiting ? [run.waiting] : [];
  run.waiting = undefined;
  const end = (reason: EndReason, last: TokenEvent | undefined): { events: TokenEvent[]; reason: EndReason } => {
    if (last) last.text += run.text.flush();
    return { events, reason };
  };
  if (model.stopTokens.includes(id)) return end("stop", events[0]);
  run.generated++;
  run.seen.add(id);
  const { text, stopped } = run.text.push(model.tokenizer.specialIds.has(id) ? new Uint8Array(0) : model.tokenizer.tokenBytes(id));
  const event: TokenEvent = { type: "token", variant, id, text, logprob };
  events.push(event);
  if (stopped) return { events, reason: "stop" };
  if (run.generated >= settings.maxTokens) return end("length", event);
  if (full !== undefined) return end("context", event);
  run.next = id;
  if (run.text.holding) run.waiting = events.pop();
  return { events, reason: undefined };
}

function* unreached(run: Run): Generator<GenerationEvent> {
  for (const [i, { edit }] of run.edits.entries()) {
    if (run.covered[i] === 0)
      yield { type: "warning", message: `${formatEdit(edit)} changed nothing: the answer ended before any token that it names` };
  }
}

/** The KV cache of a batch of runs, and what has been fed to it. */
class Batch {
  readonly #model: Model;
  readonly #runs: readonly Run[];
  readonly #promptTokens: number;
  readonly #cache: NativeCache;
  readonly #fed: number[];

  constructor(model: Model, runs: readonly Run[], promptTokens: number, capacity: number) {
    this.#model = model;
    this.#runs = runs;
    this.#promptTokens = promptTokens;
    this.#cache = model.native.cache(runs.length, capacity);
    this.#fed = runs.map(() => 0);
  }

  /** Feeds tokens to each row under the row's own edits; logits [rows, V] of each row's last token. */
  async extend(tokens: readonly (readonly number[])[], signal: AbortSignal | undefined): Promise<Float32Array> {
    const rows = this.#runs.map(({ edits }, r) => ({
      edits,
      start: this.#fed[r] ?? 0,
      tokens: tokens[r] ?? [],
      promptTokens: this.#promptTokens,
    }));
    const { edits, covered } = compileEdits(rows, this.#model.tokenizer.specialIds);
    const lengths = Int32Array.from(rows, (row) => row.tokens.length);
    const logits = await withTask(signal, (task) =>
      this.#model.native.extend(this.#cache, Int32Array.from(tokens.flat()), lengths, edits, task),
    );
    for (const [r, run] of this.#runs.entries()) {
      this.#fed[r] = (this.#fed[r] ?? 0) + (lengths[r] ?? 0);
      run.covered = run.covered.map((count, i) => count + (covered[r]?.[i] ?? 0));
    }
    return logits;
  }
}
