import { isLexiscopeError } from "@lexiscope/core";
import type { ChatMessage, Model } from "@lexiscope/model";
import { buildPrompt, messageSpans, type MessageSpan, type Prompt } from "@lexiscope/steering";
import type { PromptJob, PromptReading } from "./types.ts";

const roles: ReadonlySet<ChatMessage["role"]> = new Set(["system", "user", "assistant"] as const);

/** The tokens of a prompt as a generation would read them. Runs in a worker. */
export function readPrompt(model: Model, job: PromptJob): PromptReading {
  const prompt = buildPrompt(model, job.prompt, job.maxTokens);
  const roleAt = new Map(
    spansOf(model, prompt)
      .toReversed() // a token that two texts share counts as the first one's
      .flatMap(({ role, from, to }) => Array.from({ length: to - from }, (_, i) => [from + i, role] as const)),
  );
  const { tokenizer } = model;
  return {
    model: model.name,
    tokens: prompt.ids.map((id, i) => ({
      id,
      text: tokenizer.tokenText(id),
      special: tokenizer.specialIds.has(id),
      role: roleAt.get(i) ?? null,
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
