import type { ChatCompletionRequest, CompletionRequest } from "@lexiscope/contract";
import type { GenerateJob } from "../models/types.ts";

type Request = ChatCompletionRequest | CompletionRequest;

/** The sampling that both addresses share, with OpenAI's defaults. Seeds are each choice's own. */
export function samplingOf(body: Request): GenerateJob["sampling"] {
  const stop = body.stop ?? [];
  return {
    temperature: body.temperature ?? 1,
    topP: body.top_p ?? 1,
    repetitionPenalty: 1,
    frequencyPenalty: body.frequency_penalty ?? undefined,
    presencePenalty: body.presence_penalty ?? undefined,
    logitBias: body.logit_bias ? new Map(Object.entries(body.logit_bias).map(([id, bias]) => [Number(id), bias])) : undefined,
    stop: typeof stop === "string" ? [stop] : stop,
    seed: 0,
  };
}

export function streamingOf(body: Request): { stream: boolean; includeUsage: boolean } {
  return { stream: body.stream === true, includeUsage: body.stream_options?.include_usage === true };
}
