import { isLexiscopeError } from "@lexiscope/core";
import type { ChatMessage, Model } from "@lexiscope/model";
import { buildPrompt, messageSpans, type MessageSpan, type Prompt } from "@lexiscope/steering";
import type { PromptJob, PromptReading } from "./types.ts";

const roles: ReadonlySet<ChatMessage["role"]> = new Set(["system", "user", "assistant"] as const);

/** The tokens of a prompt as a generation would read them. Runs in a worker. */
export function readPrompt(model: Model, job: PromptJob): PromptReading {
  const prompt = buildPrompt(model, job.prompt, job.maxTokens);
  const spans = spansOf(model, prompt);
  const { tokenizer } = model;
  return {
    model: model.name,
    tokens: prompt.ids.map((id, i) => ({
      id,
      text: tokenizer.tokenText(id),
      special: tokenizer.specialIds.has(id),
      role: spans.find(({ from, to }) => i >= from && i < to)?.role ?? null,
    })),
    dropped: prompt.dropped,
  };
}

/** A template that does not let messages be found in it leaves the tokens without a role. */
function spansOf(model: Model, prompt: Prompt): MessageSpan[] {
  if (!prompt.messages) return [];
  try {
    return messageSpans(model, prompt, roles);
  } catch (error) {
    if (isLexiscopeError(error) && error.code === "unsupported") return [];
    throw error;
  }
}
