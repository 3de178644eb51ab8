import type { AnswerFeature, PoolEvent } from "../models/types.ts";

export type TokenEvent = Extract<PoolEvent, { type: "token" }>;

/** Why an answer ended, in OpenAI's words. */
export type FinishReason = "stop" | "length";

/** One variant's answer as it grows. */
export interface Answer {
  text: string;
  tokens: TokenEvent[];
  finish: FinishReason;
  features: { id: number; text: string; features: AnswerFeature[] }[] | undefined;
}

/** Everything that a run said. */
export interface Answers {
  answers: Answer[];
  promptTokens: number;
  warnings: string[];
}

export function emptyAnswers(variants: number): Answers {
  return {
    answers: Array.from({ length: variants }, () => ({ text: "", tokens: [], finish: "stop", features: undefined })),
    promptTokens: 0,
    warnings: [],
  };
}

/** Adds an event to what there is. */
export function take(all: Answers, event: PoolEvent): void {
  if (event.type === "start") all.promptTokens = event.promptTokens;
  if (event.type === "warning") all.warnings.push(event.message);
  const answer = "variant" in event ? all.answers[event.variant] : undefined;
  if (!answer) return;
  if (event.type === "token") {
    answer.text += event.text;
    answer.tokens.push(event);
  }
  if (event.type === "end") answer.finish = finishReason(event.reason);
  if (event.type === "features") answer.features = event.tokens;
}

export function finishReason(reason: "stop" | "length" | "context"): FinishReason {
  return reason === "stop" ? "stop" : "length";
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

/** Tokens of the prompt and of the choices; plain answers beside them are not counted. */
export function usageOf({ answers, promptTokens }: Answers, choices: number): Usage {
  const completion = answers.slice(0, choices).reduce((sum, { tokens }) => sum + tokens.length, 0);
  return { prompt_tokens: promptTokens, completion_tokens: completion, total_tokens: promptTokens + completion };
}
