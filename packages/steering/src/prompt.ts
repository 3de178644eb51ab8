import { LexiscopeError } from "@lexiscope/core";
import type { ChatMessage, Model } from "@lexiscope/model";
import { encodeUpTo, type Encoded } from "./encode-up-to.ts";

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
 * the answer fit too, or a quarter of the context where `room` is more than that. Work is bounded by the context, not by
 * the length of what is given: a chat is rendered and tokenised some times, however many messages must go.
 */
export function buildPrompt(model: Model, prompt: string | { messages: readonly ChatMessage[] }, room: number): Prompt {
  const { context } = model.architecture;
  if (typeof prompt === "string") {
    const found = encodeUpTo(model.tokenizer, prompt, context);
    if (found.tokens === 0)
      throw new LexiscopeError("invalid_input", "the prompt is empty", { field: "prompt", hint: "give the model some text to go on from" });
    return { ids: fitting(found, context, "shorten the prompt"), dropped: 0 };
  }
  const { messages } = prompt;
  if (messages.length === 0)
    throw new LexiscopeError("invalid_input", "the chat has no messages", { field: "messages", hint: "give at least one" });
  const limit = context - Math.min(room, Math.floor(context / 4));
  const starts = startsOf(messages);
  const kept = (start: number): ChatMessage[] => messages.filter(({ role }, i) => i >= start || role === "system");
  const { start, found } = firstFitting({
    starts,
    weights: weightsOf(messages, starts),
    limit,
    encode: (from) => encodeChat(model, kept(from)),
  });
  const ids = fitting(found, context, "shorten the last message or the system message");
  const left = kept(start);
  return { ids, dropped: messages.length - left.length, messages: left };
}

function encodeChat(model: Model, messages: readonly ChatMessage[]): Encoded {
  if (!model.chatTemplate) {
    throw new LexiscopeError("unsupported", `${model.name} has no chat template`, {
      hint: "it is no chat model; use `lexiscope generate` with plain text",
    });
  }
  const text = model.chatTemplate.render(messages, { addGenerationPrompt: true });
  return encodeUpTo(model.tokenizer, text, model.architecture.context, { addSpecial: false });
}

/**
 * Where the chat may begin, each time with one more of the oldest messages gone, and the answers that would then stand
 * first. System messages before it stay.
 */
function startsOf(messages: readonly ChatMessage[]): number[] {
  const last = messages.length - 1;
  const starts = [0];
  for (let at = 0; ;) {
    while (messages[at]?.role === "system") at++;
    if (at >= last) return starts;
    at++;
    while (at < last && messages[at]?.role === "assistant") at++;
    starts.push(at);
  }
}

/** A template's markup of a message, in characters: about. */
const markup = 16;

/** About how long the chat is from each start on, in characters. */
function weightsOf(messages: readonly ChatMessage[], starts: readonly number[]): number[] {
  const before = [0];
  for (const { role, content } of messages) before.push((before.at(-1) ?? 0) + (role === "system" ? 0 : content.length + markup));
  const total = before.at(-1) ?? 0;
  return starts.map((start) => total - (before[start] ?? 0));
}

interface Search {
  starts: readonly number[];
  /** Of each start; they fall. */
  weights: readonly number[];
  /** Most tokens. */
  limit: number;
  encode(start: number): Encoded;
}

/** The earliest start from which the chat fits; where none does, the last. By false position, and by halves where that is slow. */
function firstFitting({ starts, weights, limit, encode }: Search): { start: number; found: Encoded } {
  const at = (i: number): { start: number; found: Encoded } => ({ start: starts[i] ?? 0, found: encode(starts[i] ?? 0) });
  const fits = ({ found }: { found: Encoded }): boolean => found.ids !== undefined && found.tokens <= limit;
  let long = { i: 0, ...at(0) };
  if (fits(long)) return long;
  let short: { i: number; start: number; found: Encoded } | undefined;
  for (let halve = false; ;) {
    const end = short?.i ?? starts.length;
    const width = end - long.i;
    if (width <= 1) return short ?? long;
    const [few, many] = [short ? (weights[end] ?? 0) : 0, weights[long.i] ?? 0];
    const [least, most] = [short?.found.tokens ?? 0, long.found.tokens];
    const wanted = few + ((limit - least) / Math.max(1, most - least)) * (many - few);
    const guess: number = halve ? long.i + (width >> 1) : firstBelow(weights, wanted, long.i + 1, end - 1);
    const probe: { i: number; start: number; found: Encoded } = { i: guess, ...at(guess) };
    if (fits(probe)) short = probe;
    else long = probe;
    halve = (short?.i ?? starts.length) - long.i > width / 2;
  }
}

/** The first place in [from, to] whose weight is no more than `wanted`; `to` where there is none before. */
function firstBelow(weights: readonly number[], wanted: number, from: number, to: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((weights[middle] ?? 0) <= wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

function fitting({ ids, tokens }: Encoded, context: number, hint: string): number[] {
  if (ids !== undefined && tokens <= context) return ids;
  const count = ids === undefined ? `more than ${context}` : tokens;
  throw new LexiscopeError("invalid_input", `the prompt has ${count} tokens; the model's context holds ${context}`, {
    field: "prompt",
    hint,
  });
}
