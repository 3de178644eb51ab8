import type { Chat, ChatInput, ChatTurn, FeatureChange, GenerateRequest, Message } from "@lexiscope/contract";
import type { GenerationState } from "../../api/generation-state.ts";
import { inForce, type Dialed } from "../../parts/dial-units.ts";

export type Side = "plain" | "edited";

/** A conversation as the screen holds it. */
export interface Conversation {
  model: string | null;
  atlas: string | null;
  system: string;
  turns: ChatTurn[];
  dials: Dialed[];
  sampling: Chat["sampling"];
  sides: Chat["sides"];
}

export const defaultSampling: Chat["sampling"] = { temperature: 0, topP: 0.95, repetitionPenalty: 1, maxTokens: 300, seed: 0 };

/** Features named after an answer that rose and fell, each. */
const changes = 8;

export function newConversation(start: Partial<Conversation> = {}): Conversation {
  return { model: null, atlas: null, system: "", turns: [], dials: [], sampling: defaultSampling, sides: "both", ...start };
}

export function fromChat({ model, atlas, system, turns, edits, muted = [], sampling, sides }: Chat): Conversation {
  return { model, atlas, system, turns, dials: edits.map((edit, i) => ({ edit, muted: muted.includes(i) })), sampling, sides };
}

/** What is kept of it; the title is set when it is made and changed by its owner alone. */
export function toInput({ model, atlas, system, turns, dials, sampling, sides }: Conversation): ChatInput {
  const muted = dials.flatMap((dial, i) => (dial.muted ? [i] : []));
  return { model, atlas, system, turns, edits: dials.map(({ edit }) => edit), muted, sampling, sides };
}

/** The first line of the first question, shortened. */
export function titleOf(question: string): string {
  const line = question.trim().split("\n")[0]?.trim() ?? "";
  return line === "" ? "Untitled" : line.length <= 60 ? line : `${line.slice(0, 59).trimEnd()}…`;
}

/** What one side's model reads at a turn: each side goes on from its own answers, and from the other's where it has none. */
export function messagesOf({ system, turns }: Pick<Conversation, "system" | "turns">, side: Side, at: number): Message[] {
  const messages: Message[] = system.trim() === "" ? [] : [{ role: "system", content: system }];
  for (const turn of turns.slice(0, at)) {
    const answer = turn[side] ?? turn[side === "plain" ? "edited" : "plain"];
    if (answer === null) continue; // never answered: as if it had not been asked
    messages.push({ role: "user", content: turn.user }, { role: "assistant", content: answer });
  }
  const turn = turns[at];
  if (turn) messages.push({ role: "user", content: turn.user });
  return messages;
}

/** The sides that a turn is answered on: one that would say the same as plain is left out. */
export function sidesOf(conversation: Conversation, at: number): Side[] {
  const { sides, dials, atlas } = conversation;
  if (atlas === null) return ["plain"];
  const same = sameHistory(conversation, at);
  if (same && inForce(dials).length === 0) return ["plain"];
  return sides === "both" ? ["plain", "edited"] : [sides];
}

export function sameHistory({ turns }: Pick<Conversation, "turns">, at: number): boolean {
  return turns.slice(0, at).every(({ plain, edited }) => plain === null || edited === null || plain === edited);
}

/** The conversation with a new question at turn `at`; what followed it is dropped. */
export function withQuestion(conversation: Conversation, user: string, at: number): Conversation {
  const edits = inForce(conversation.dials);
  return { ...conversation, turns: [...conversation.turns.slice(0, at), { user, plain: null, edited: null, edits }] };
}

/** The conversation with what was answered at turn `at`, and what is known of how. */
export function withAnswers(
  conversation: Conversation,
  at: number,
  answers: Pick<Partial<ChatTurn>, Side | "changes" | "figures">,
): Conversation {
  return { ...conversation, turns: conversation.turns.map((turn, i) => (i === at ? { ...turn, ...answers } : turn)) };
}

/** What is kept of an answer: its texts, what rose and fell, how fast it was. What is no number is left out. */
export function answersOf(
  sides: readonly Side[],
  { variants, changes: [compared], figures }: Pick<GenerationState, "variants" | "changes" | "figures">,
): Pick<Partial<ChatTurn>, Side | "changes" | "figures"> {
  const texts = sides.map((side, i) => {
    const { text = "", reason = null } = variants[i] ?? {};
    return [side, text === "" && reason === null ? null : text] as const;
  });
  const told = ({ plain, edited, change }: FeatureChange): boolean => [plain, edited, change].every(Number.isFinite);
  return {
    ...Object.fromEntries(texts),
    ...(compared ? { changes: { risen: compared.risen.filter(told), fallen: compared.fallen.filter(told) } } : {}),
    ...(figures && Object.values(figures).every(Number.isFinite) ? { figures } : {}),
  };
}

/** What the edited side would read next: with the draft, else the last question again. Undefined while nothing is asked. */
export function nextPrompt(conversation: Conversation, draft: string): { messages: Message[] } | undefined {
  const { turns } = conversation;
  if (draft.trim() !== "") return { messages: messagesOf(withQuestion(conversation, draft, turns.length), "edited", turns.length) };
  return turns.length === 0 ? undefined : { messages: messagesOf(conversation, "edited", turns.length - 1) };
}

/** What is asked of the server for turn `at`, and the side that each variant answers for. */
export function requestFor(conversation: Conversation, at: number): { request: GenerateRequest; sides: Side[] } {
  const { sampling, dials, atlas, model } = conversation;
  const sides = sidesOf(conversation, at);
  const edits = inForce(dials);
  const prompts = sides.map((side) => ({ messages: messagesOf(conversation, side, at) }));
  const first = prompts[0] ?? { messages: [] };
  const edited = edits.length > 0 && sides.includes("edited");
  const request: GenerateRequest = {
    ...(model === null ? {} : { model }),
    ...(atlas === null ? {} : { atlas }),
    prompt: first,
    variants: sides.map((side, i) => ({ edits: side === "edited" ? edits : [], ...(i > 0 ? { prompt: prompts[i] ?? first } : {}) })),
    temperature: sampling.temperature,
    topP: sampling.topP,
    repetitionPenalty: sampling.repetitionPenalty,
    maxTokens: sampling.maxTokens,
    seed: sampling.seed,
    changes: edited && sides.length === 2 ? changes : 0,
  };
  return { request, sides };
}

/** A seed that people can read out. */
export function newSeed(): number {
  return Math.floor(Math.random() * 1e6);
}
