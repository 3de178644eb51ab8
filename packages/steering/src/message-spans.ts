import { LexiscopeError } from "@lexiscope/core";
import type { ChatMessage, Model } from "@lexiscope/model";
import type { Prompt } from "./prompt.ts";

/** Tokens [from, to) that hold a message's text; its markup stands outside. */
export interface MessageSpan {
  role: ChatMessage["role"];
  from: number;
  to: number;
}

/**
 * Where the text of the messages of some roles lies in a prompt. The template is rendered once more, with a mark in the
 * place of each of these texts. `unsupported` for a template that changes the text or writes what stands around
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
  const wanted = messages.flatMap(({ role, content }, i) => (roles.has(role) && content.trim() !== "" ? [i] : []));
  const border = unusedCharacter(whole);
  const mark = (i: number): string => `${border}${i}${border}`;
  const marks = new Map(wanted.map((i) => [i, mark(i)]));
  const marked = chatTemplate.render(
    messages.map(({ role, content }, i) => ({ role, content: marks.get(i) ?? content })),
    { addGenerationPrompt: true },
  );

  const spans: MessageSpan[] = [];
  let token = 0;
  /** How far the two renderings were followed, and the first one in bytes. */
  let [inMarked, inWhole, bytes] = [0, 0, 0];
  for (const [n, i] of wanted.entries()) {
    const { role, content } = messages[i] as ChatMessage;
    const at = marked.indexOf(mark(i), inMarked);
    if (at < 0) throw cannot(`it leaves message ${i} out`);
    const before = marked.slice(inMarked, at);
    inMarked = at + mark(i).length;
    const next = wanted[n + 1];
    const end = next === undefined ? marked.length : marked.indexOf(mark(next), inMarked);
    const behind = marked.slice(inMarked, end < 0 ? inMarked : end);
    const from = inWhole + before.length;
    const forms = [content, content.trim()].filter((form) => whole.startsWith(form, from));
    const text = forms.find((form) => whole.startsWith(behind, from + form.length)) ?? forms[0];
    if (!whole.startsWith(before, inWhole) || text === undefined) throw cannot(`it changes the text of message ${i}`);
    bytes += Buffer.byteLength(before);
    while ((offsets[token + 1] ?? Infinity) <= bytes) token++;
    const first = token;
    bytes += Buffer.byteLength(text);
    while ((offsets[token] ?? Infinity) < bytes) token++;
    spans.push({ role, from: first, to: token });
    if ((offsets[token] ?? 0) > bytes) token--; // the next text may begin in the same token
    inWhole = from + text.length;
  }
  return spans;
}

/** A private-use character that a text does not hold, to mark a place with. */
function unusedCharacter(text: string): string {
  const used = new Set(text.match(/[\u{F0000}-\u{FFFFD}]/gu));
  for (let code = 0xf0000; code <= 0xffffd; code++) if (!used.has(String.fromCodePoint(code))) return String.fromCodePoint(code);
  throw cannot("the messages hold every private-use character");
}

/** Byte at which each token begins, and the length of all. */
function tokenOffsets(model: Model, ids: readonly number[], text: string): number[] {
  const tokens = ids.map((id) => model.tokenizer.tokenBytes(id));
  if (!Buffer.concat(tokens).equals(Buffer.from(text))) throw cannot("the tokenizer changes the rendered text");
  const offsets = [0];
  for (const { length } of tokens) offsets.push((offsets.at(-1) ?? 0) + length);
  return offsets;
}

function cannot(why: string): LexiscopeError {
  return new LexiscopeError("unsupported", `the model's chat template does not let messages be found by their role: ${why}`, {
    field: "positions",
    hint: "use prompt, generated or a span of positions instead",
  });
}
