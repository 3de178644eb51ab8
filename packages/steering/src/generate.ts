import { setImmediate as nextTurn } from "node:timers/promises";
import { LexiscopeError, createRandom, throwIfAborted } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import { AnswerText } from "./answer-text.ts";
import { Batch, type BatchRun, type StepChoices } from "./batch.ts";
import { refuseUnreachable } from "./compile-edits.ts";
import { formatEdit } from "./parse-edit.ts";
import { prepareEdits, type PreparedEdit } from "./prepare-edits.ts";
import { type MessageSpan, messageSpans } from "./message-spans.ts";
import { buildPrompt, type Prompt } from "./prompt.ts";
import type { TokenChoice } from "./sampling.ts";
import { type SamplingSettings, samplingSettings } from "./sampling-settings.ts";
import type { GenerateOptions, GenerationEvent, LikelyToken, PromptInput, SteeringContext } from "./types.ts";

/** Runs of one prompt that share a batch; each holds a KV cache of its own. */
const maxVariants = 32;

type TokenEvent = Extract<GenerationEvent, { type: "token" }>;
type EndReason = Extract<GenerationEvent, { type: "end" }>["reason"];

/** One sequence of the batch. */
interface Run extends BatchRun {
  seen: Set<number>;
  /** How often each token was generated. */
  counts: Map<number, number>;
  text: AnswerText;
  generated: number;
  /** The token to feed next; undefined when the run has ended. */
  next: number | undefined;
  /** The last token, while some of its text is held back. */
  waiting: TokenEvent | undefined;
}

/**
 * Continues a prompt once for every variant, all in one batch; a variant may have a prompt of its own. A variant's answer does not depend on the others beside
 * it: each draws from a random stream of its own that starts at `seed`, or at its place in `seeds`. Every call builds its own KV cache, so no run
 * sees keys and values made under other edits. Errors: those of {@link prepareEdits} and the prompt; an edit that can
 * reach no token is refused, one that reached none because the answer ended first is said in a warning.
 */
export async function* generate(context: SteeringContext, options: GenerateOptions): AsyncGenerator<GenerationEvent, void, void> {
  const { model } = context;
  const { signal } = options;
  const settings = samplingSettings(options, model.tokenizer.size);
  if (options.variants.length < 1 || options.variants.length > maxVariants) {
    throw new LexiscopeError("invalid_input", `${options.variants.length} variants: 1 to ${maxVariants} can run together`, {
      field: "variants",
    });
  }
  const seeds = variantSeeds(options, settings.seed);
  checkPrompts(options);
  const { variants, warnings } = await prepareEdits(context, options.variants, options);
  const built = new Map<PromptInput | Prompt, Prompt>();
  const spans = createSpanFinder(model);
  const runs: Run[] = [];
  for (const [variant, edits] of variants.entries()) {
    await nextTurn(); // long conversations take a while: who shares this thread is not to wait for all of them
    throwIfAborted(signal);
    const input = options.prompts?.[variant] ?? options.prompt;
    const prompt = built.get(input) ?? (isBuilt(input) ? input : buildPrompt(model, input, settings.maxTokens));
    built.set(input, prompt);
    runs.push(startRun(model, { prompt, edits, messages: spans(prompt, edits) }, settings, seeds[variant] ?? settings.seed));
  }
  const prompts = [...built.values()];
  yield {
    type: "start",
    promptTokens: Math.max(...prompts.map(({ ids }) => ids.length)),
    dropped: Math.max(...prompts.map(({ dropped }) => dropped)),
  };
  for (const message of warnings) yield { type: "warning", message };

  const batch = new Batch(model, runs, settings);
  const left = new AbortController();
  const both = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  const live = new Set(runs.keys());
  let pending = batch.step(
    runs.map(({ prompt }) => prompt.ids),
    both,
  );
  try {
    while (live.size > 0) {
      const choices = await pending;
      throwIfAborted(signal);
      const advanced = [...live].map((variant) => advance(model, runs[variant] as Run, variant, choices, settings));
      // The next step runs while this one is told; of a run that ends by a stop text it was in vain.
      if (advanced.some(({ run }) => run.next !== undefined)) {
        pending = batch.step(
          runs.map(({ next }) => (next === undefined ? [] : [next])),
          both,
        );
        pending.catch(() => {}); // it is waited for in its turn, or no longer of interest
      }
      for (const told of advanced) {
        throwIfAborted(signal);
        const { run, variant } = told;
        const { events, reason } = tell(model, told, settings);
        for (const event of events) yield event;
        if (reason === undefined) continue;
        live.delete(variant);
        run.next = undefined;
        yield* unreached(run);
        yield { type: "end", variant, reason };
      }
    }
  } finally {
    left.abort();
    await pending.catch(() => {});
  }
}

function isBuilt(prompt: PromptInput | Prompt): prompt is Prompt {
  return typeof prompt === "object" && "ids" in prompt;
}

/** Finds the messages whose roles edits name; variants of one prompt share what was found. */
function createSpanFinder(model: Model): (prompt: Prompt, edits: readonly PreparedEdit[]) => readonly MessageSpan[] {
  const found = new Map<Prompt, Map<string, MessageSpan[]>>();
  return (prompt, edits) => {
    const roles = new Set(
      edits.flatMap(({ edit: { positions } }) => (typeof positions === "object" && "roles" in positions ? positions.roles : [])),
    );
    if (roles.size === 0) return [];
    const ofPrompt = found.get(prompt) ?? new Map<string, MessageSpan[]>();
    found.set(prompt, ofPrompt);
    const key = [...roles].toSorted().join(" ");
    const spans = ofPrompt.get(key) ?? messageSpans(model, prompt, roles);
    ofPrompt.set(key, spans);
    return spans;
  };
}

/** Checks that each edit can reach a token of the run, before anything is computed. */
function startRun(
  model: Model,
  { prompt, edits, messages }: Pick<Run, "prompt" | "edits" | "messages">,
  settings: SamplingSettings,
  seed: number,
): Run {
  const { specialIds } = model.tokenizer;
  // The last token is chosen and never fed back, so a run feeds one token less than it has.
  const longest = Math.min(model.architecture.context, prompt.ids.length + settings.maxTokens - 1);
  refuseUnreachable(edits, prompt.ids, longest, specialIds, messages);
  return {
    prompt,
    messages,
    longest,
    edits,
    covered: edits.map(() => 0),
    random: createRandom(seed),
    seen: new Set(prompt.ids),
    counts: new Map(),
    text: new AnswerText(settings.stop),
    generated: 0,
    next: undefined,
    waiting: undefined,
  };
}

function checkPrompts({ prompts, variants }: GenerateOptions): void {
  if (prompts !== undefined && prompts.length !== variants.length)
    throw new LexiscopeError("invalid_input", `prompts must be ${variants.length}, one for each variant`, { field: "prompts" });
}

function variantSeeds({ seeds, variants }: GenerateOptions, seed: number): readonly number[] {
  if (seeds === undefined) return variants.map(() => seed);
  if (seeds.length !== variants.length || !seeds.every(Number.isSafeInteger)) {
    throw new LexiscopeError("invalid_input", `seeds must be ${variants.length} whole numbers, one for each variant`, { field: "seeds" });
  }
  return seeds;
}

/** A run's next token, before anything is said of it. */
interface Advance {
  run: Run;
  variant: number;
  choice: TokenChoice;
  /** Why the run ends here, as far as the token itself says. */
  ended: EndReason | undefined;
  /** The token is a stop token, which is not part of the answer. */
  silent: boolean;
}

/** Takes a run's next token; `run.next` is then what to feed. */
function advance(model: Model, run: Run, variant: number, choices: StepChoices, settings: SamplingSettings): Advance {
  const full = run.prompt.ids.length + run.generated >= run.longest;
  const choice = choices.choose(variant);
  const { id } = choice;
  const silent = model.stopTokens.includes(id);
  if (!silent) {
    run.generated++;
    run.seen.add(id);
    run.counts.set(id, (run.counts.get(id) ?? 0) + 1);
  }
  const ended = silent ? "stop" : run.generated >= settings.maxTokens ? "length" : full ? "context" : undefined;
  run.next = ended === undefined ? id : undefined;
  return { run, variant, choice, ended, silent };
}

/** What there is to say of a run's token, and whether the run ends with it. */
function tell(
  { tokenizer }: Model,
  { run, variant, choice: { id, logprob, top }, ended, silent }: Advance,
  settings: SamplingSettings,
): { events: TokenEvent[]; reason: EndReason | undefined } {
  const events: TokenEvent[] = run.waiting ? [run.waiting] : [];
  run.waiting = undefined;
  let last = events[0];
  if (!silent) {
    const { text, stopped } = run.text.push(tokenizer.specialIds.has(id) ? new Uint8Array(0) : tokenizer.tokenBytes(id));
    last = { type: "token", variant, id, text, logprob };
    if (settings.topLogprobs !== undefined) {
      const named = ({ id: other, logprob: p }: (typeof top)[number]): LikelyToken => ({
        id: other,
        text: tokenizer.tokenText(other),
        bytes: tokenizer.tokenBytes(other),
        logprob: p,
      });
      Object.assign(last, { bytes: tokenizer.tokenBytes(id), top: top.map(named) });
    }
    events.push(last);
    if (stopped) return { events, reason: "stop" };
  }
  if (ended !== undefined) {
    if (last) last.text += run.text.flush();
    return { events, reason: ended };
  }
  if (run.text.holding) run.waiting = events.pop();
  return { events, reason: undefined };
}

function* unreached(run: Run): Generator<GenerationEvent> {
  for (const [i, { edit }] of run.edits.entries()) {
    if (run.covered[i] === 0)
      yield { type: "warning", message: `${formatEdit(edit)} changed nothing: the answer ended before any token that it names` };
  }
}
