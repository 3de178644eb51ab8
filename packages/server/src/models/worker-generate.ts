import type { Atlas } from "@lexiscope/atlas";
import { LexiscopeError } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import { buildPrompt, generate, type GenerateOptions, type GenerationEvent, type Prompt } from "@lexiscope/steering";
import type { AtlasCache, AtlasLease } from "./atlas-cache.ts";
import { readAnswers } from "./read-answers.ts";
import type { InTurn } from "./in-turn.ts";
import type { GenerateJob, Prepared, PromptInput, RunEvent } from "./types.ts";

/** A run in its worker: checked, and waiting to be let go. */
export interface HeldRun {
  prepared: Prepared;
  go(send: (event: RunEvent) => void): Promise<void>;
  /** Frees what it holds. */
  drop(): Promise<void>;
}

export interface RunContext {
  model: Model;
  atlases: AtlasCache;
  /** Prompts are built in turn: a long one takes a while of this thread. */
  inTurn: InTurn;
}

/** Checks a job as far as can be without running the model on it: the generation's own checks, up to its first event. */
export async function prepareRun(context: RunContext, job: GenerateJob, signal: AbortSignal): Promise<HeldRun> {
  const { model, atlases } = context;
  const started = performance.now();
  const lease = job.atlas ? await atlases.lease(job.atlas.path) : undefined;
  try {
    const { options, prompts } = await generateOptions(context, job, signal);
    const events = generate({ model, atlas: lease?.atlas }, options);
    const first = await events.next();
    if (first.done || first.value.type !== "start") throw new LexiscopeError("internal", "the generation did not start");
    const start = first.value;
    const modelHash = lease ? (await model.identity(signal)).weightsHash : undefined;
    const prepareMs = performance.now() - started;
    return {
      prepared: { promptTokens: start.promptTokens, modelHash },
      go: (send) => {
        send(start);
        return runToEnd({ model, job, prompts, lease, events, prepareMs, signal }, send).finally(() => lease?.release());
      },
      drop: async () => {
        await events.return();
        lease?.release();
      },
    };
  } catch (error) {
    lease?.release();
    throw error;
  }
}

interface Running {
  model: Model;
  job: GenerateJob;
  /** Of each variant. */
  prompts: readonly Prompt[];
  lease: AtlasLease | undefined;
  events: AsyncGenerator<GenerationEvent, void, void>;
  /** Milliseconds that the checks took: part of the time to the first token. */
  prepareMs: number;
  signal: AbortSignal;
}

async function runToEnd(
  { model, job, prompts, lease, events, prepareMs, signal }: Running,
  send: (event: RunEvent) => void,
): Promise<void> {
  const begun = performance.now();
  const answers = job.variants.map((): number[] => []);
  let first = 0;
  let last = begun;
  for await (const event of events) {
    if (event.type === "token") {
      answers[event.variant]?.push(event.id);
      last = performance.now();
      first ||= last;
    }
    send(event);
  }
  if (lease) await readAnswers({ model, atlas: lease.atlas satisfies Atlas, job, prompts, answers, signal }, send);
  const steps = Math.max(...answers.map(({ length }) => length));
  send({
    type: "done",
    firstTokenMs: (first || last) - begun + prepareMs,
    tokensPerSecond: steps > 1 ? ((steps - 1) * 1000) / (last - first) : 0,
    tokens: answers.reduce((sum, { length }) => sum + length, 0),
  });
}

interface PreparedOptions {
  options: GenerateOptions;
  prompts: Prompt[];
}

/** Each prompt is built once, here: the generation and the reading of the answers take it as it is. */
async function generateOptions({ model, inTurn }: RunContext, job: GenerateJob, signal: AbortSignal): Promise<PreparedOptions> {
  const { sampling, variants, whole } = job;
  const { context } = model.architecture;
  const asked = sampling.maxTokens ?? context;
  const built = new Map<string, Prompt>();
  const build = async (input: PromptInput, room: number): Promise<Prompt> => {
    const key = JSON.stringify(input); // requests repeat a conversation for each variant
    const prompt = built.get(key) ?? (await inTurn(() => buildPrompt(model, input, room), signal));
    built.set(key, prompt);
    return prompt;
  };
  let maxTokens = asked;
  if (whole) {
    // No more is asked for than fits behind the conversation: nothing of it is left out for the answer.
    const { ids, dropped } = await build(job.prompt, 1);
    if (dropped > 0) throw tooLong(model);
    maxTokens = Math.min(asked, context - ids.length);
  }
  const prompts: Prompt[] = [];
  for (const { prompt = job.prompt } of variants) prompts.push(await build(prompt, maxTokens));
  const options = {
    ...sampling,
    maxTokens,
    prompt: prompts[0] ?? job.prompt,
    prompts,
    variants: variants.map(({ edits }) => edits),
    seeds: variants.map(({ seed }) => seed ?? sampling.seed),
    signal,
  };
  return { options, prompts };
}

function tooLong(model: Model): LexiscopeError {
  return new LexiscopeError("invalid_input", `the conversation does not fit the model's context of ${model.architecture.context} tokens`, {
    field: "messages",
    hint: "leave out its oldest messages, or ask for a shorter answer",
  });
}
