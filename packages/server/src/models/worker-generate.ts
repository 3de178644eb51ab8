import type { Atlas } from "@lexiscope/atlas";
import { LexiscopeError } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import { buildPrompt, generate, type GenerateOptions, type GenerationEvent } from "@lexiscope/steering";
import type { AtlasCache, AtlasLease } from "./atlas-cache.ts";
import { readAnswers } from "./read-answers.ts";
import type { GenerateJob, Prepared, RunEvent } from "./types.ts";

/** A run in its worker: checked, and waiting to be let go. */
export interface HeldRun {
  prepared: Prepared;
  go(send: (event: RunEvent) => void): Promise<void>;
  /** Frees what it holds. */
  drop(): Promise<void>;
}

/** Checks a job as far as can be without running the model on it: the generation's own checks, up to its first event. */
export async function prepareRun(model: Model, atlases: AtlasCache, job: GenerateJob, signal: AbortSignal): Promise<HeldRun> {
  const started = performance.now();
  const lease = job.atlas ? await atlases.lease(job.atlas.path) : undefined;
  try {
    const options = generateOptions(model, job, signal);
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
        return runToEnd({ model, job, options, lease, events, prepareMs, signal }, send).finally(() => lease?.release());
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
  options: GenerateOptions;
  lease: AtlasLease | undefined;
  events: AsyncGenerator<GenerationEvent, void, void>;
  /** Milliseconds that the checks took: part of the time to the first token. */
  prepareMs: number;
  signal: AbortSignal;
}

async function runToEnd(
  { model, job, options, lease, events, prepareMs, signal }: Running,
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
  if (lease) await readAnswers({ model, atlas: lease.atlas satisfies Atlas, job, options, answers, signal }, send);
  const steps = Math.max(...answers.map(({ length }) => length));
  send({
    type: "done",
    firstTokenMs: (first || last) - begun + prepareMs,
    tokensPerSecond: steps > 1 ? ((steps - 1) * 1000) / (last - first) : 0,
    tokens: answers.reduce((sum, { length }) => sum + length, 0),
  });
}

function generateOptions(model: Model, job: GenerateJob, signal: AbortSignal): GenerateOptions {
  const { sampling, variants } = job;
  return {
    ...sampling,
    maxTokens: maxTokens(model, job),
    prompt: job.prompt,
    prompts: variants.map(({ prompt }) => prompt),
    variants: variants.map(({ edits }) => edits),
    seeds: variants.map(({ seed }) => seed ?? sampling.seed),
    signal,
  };
}

/** Where the whole conversation is to stand, no more than fits behind it: nothing of it is then left out for the answer. */
function maxTokens(model: Model, { prompt, sampling, whole }: GenerateJob): number {
  const { context } = model.architecture;
  const asked = sampling.maxTokens ?? context;
  if (!whole) return asked;
  const { ids, dropped } = buildPrompt(model, prompt, 1);
  if (dropped > 0) throw tooLong(model);
  return Math.min(asked, context - ids.length);
}

function tooLong(model: Model): LexiscopeError {
  return new LexiscopeError("invalid_input", `the conversation does not fit the model's context of ${model.architecture.context} tokens`, {
    field: "messages",
    hint: "leave out its oldest messages, or ask for a shorter answer",
  });
}
