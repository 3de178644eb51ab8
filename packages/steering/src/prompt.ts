import { LexiscopeError } from "@lexiscope/core";
import type { ChatMessage, Model } from "@lexiscope/model";

export interface Prompt {
  ids: number[];
  /** Messages of a chat that were left out because the context is full. */
  dropped: number;
  /** Those that were kept. */
  messages?: readonly ChatMessage[];
}

/**
 * The prompt's tokens. A plain text that does not fit the model's context is refused (cutting it would change what is
 * asked). Of a chat the oldest messages are dropped, system messages and the last one excepted, until `room` tokens for
 * the answer fit too, or a quarter of the context where `room` is more than that.
 */
export function buildPrompt(model: Model, prompt: string | { messages: ChatMessage[] }, room: number): Prompt {
  const { context } = model.architecture;
  if (typeof prompt === "string") {
    const ids = model.tokenizer.encode(prompt);
    if (ids.length === 0)
      throw new LexiscopeError("invalid_input", "the prompt is empty", { field: "prompt", hint: "give the model some text to go on from" });
    if (ids.length > context) throw tooLong(ids.length, context, "shorten the prompt");
    return { ids, dropped: 0 };
  }
  const reserve = Math.min(room, Math.floor(context / 4));
  let messages = prompt.messages;
  if (messages.length === 0)
    throw new LexiscopeError("invalid_input", "the chat has no messages", { field: "messages", hint: "give at least one" });
  for (;;) {
    const ids = renderChat(model, messages);
    const dropped = prompt.messages.length - messages.length;
    if (ids.length + reserve <= context) return { ids, dropped, messages };
    const shorter = withoutOldest(messages);
    if (!shorter) {
      if (ids.length > context) throw tooLong(ids.length, context, "shorten the last message or the system message");
      return { ids, dropped, messages };
    }
    messages = shorter;
  }
}

function renderChat(model: Model, messages: ChatMessage[]): number[] {
  if (!model.chatTemplate) {
    throw new LexiscopeError("unsupported", `${model.name} has no chat template`, {
      hint: "it is no chat model; use `lexiscope generate` with plain text",
    });
  }
  return model.tokenizer.encode(model.chatTemplate.render(messages, { addGenerationPrompt: true }), { addSpecial: false });
}

/** Without the oldest message that may go, and the answers that would then stand first; undefined when none may. */
function withoutOldest(messages: readonly ChatMessage[]): ChatMessage[] | undefined {
  const last = messages.length - 1;
  const first = messages.findIndex(({ role }) => role !== "system");
  if (first < 0 || first >= last) return undefined;
  let next = first + 1;
  while (next < last && messages[next]?.role === "assistant") next++;
  return messages.filter(({ role }, i) => role === "system" || i >= next);
}

function tooLong(tokens: number, context: number, hint: string): LexiscopeError {
  return new LexiscopeError("invalid_input", `the prompt has ${tokens} tokens; the model's context holds ${context}`, {
    field: "prompt",
    hint,
  });
}
