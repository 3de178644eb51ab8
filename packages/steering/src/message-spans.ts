import { LexiscopeError } from "@lexiscope/core";
import type { ChatMessage, Model } from "@lexiscope/model";
import type { Prompt } from "./prompt.ts";

/** Tokens [from, to) that hold a message's text; its markup stands outside. */
export interface MessageSpan {
  role: ChatMessage["role"];
  from: number;
  to: number;
}

/** Stands in for a message's text; a private-use character that no text is made of. */
const mark = "\u{F8FE}";

/**
 * Where the text of the messages of some roles lies in a prompt. The template is rendered once more for each of them,
 * with a mark in the place of its text. `unsupported` for a template that changes the text or writes what stands before
 * it differently for another text, `invalid_input` for a prompt that is no chat. A token that reaches into the text
 * belongs to it.
 */
export function messageSpans(model: Model, { ids, messages }: Prompt, roles: ReadonlySet<ChatMessage["role"]>): MessageSpan[] {
  const { chatTemplate } = model;
  if (!messages || !chatTemplate) {
    throw new LexiscopeError("invalid_input", "an edit names messages by their role, and the prompt is no chat", {
      field: "positions",
      hint: "use prompt, generated or a span, or send messages",
    });
  }
  const whole = chatTemplate.render(messages, { addGenerationPrompt: true });
  const offsets = tokenOffsets(model, ids, whole);
  return messages.flatMap(({ role, content }, i) => {
    if (!roles.has(role) || content.trim() === "") return [];
    const marked = chatTemplate.render(messages.with(i, { role, content: mark }), { addGenerationPrompt: true });
    const at = marked.indexOf(mark);
    if (at < 0) throw cannot(`it leaves message ${i} out`);
    const text = [content, content.trim()].find((form) => whole.startsWith(form, at));
    if (!whole.startsWith(marked.slice(0, at)) || text === undefined) throw cannot(`it changes the text of message ${i}`);
    const from = Buffer.byteLength(whole.slice(0, at));
    const to = from + Buffer.byteLength(text);
    return { role, from: offsets.findLastIndex((offset) => offset <= from), to: offsets.findIndex((offset) => offset >= to) };
  });
}

/** Byte at which each token begins, and the length of all. */
function tokenOffsets(model: Model, ids: readonly number[], text: string): number[] {
  const offsets = [0];
  for (const id of ids) offsets.push((offsets.at(-1) ?? 0) + model.tokenizer.tokenBytes(id).length);
  const bytes = Buffer.concat(ids.map((id) => model.tokenizer.tokenBytes(id)));
  if (!bytes.equals(Buffer.from(text))) throw cannot("the tokenizer changes the rendered text");
  return offsets;
}

function cannot(why: string): LexiscopeError {
  return new LexiscopeError("unsupported", `the model's chat template does not let messages be found by their role: ${why}`, {
    field: "positions",
    hint: "use prompt, generated or a span of positions instead",
  });
}
