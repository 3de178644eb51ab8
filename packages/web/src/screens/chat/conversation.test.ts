import { expect, it } from "vitest";
import type { Chat } from "@lexiscope/contract";
import { newDial } from "../../parts/dial-units.ts";
import {
  answersOf,
  defaultSampling,
  fromChat,
  messagesOf,
  newConversation,
  nextPrompt,
  requestFor,
  sidesOf,
  titleOf,
  toInput,
  withAnswers,
  withQuestion,
  type Conversation,
} from "./conversation.ts";

const dial = newDial(12);
const asked = (parts: Partial<Conversation> = {}): Conversation =>
  withQuestion(newConversation({ atlas: "first", dials: [dial], ...parts }), "Hello", 0);
const answered = withAnswers(asked(), 0, { plain: "Hi.", edited: "Ahoy!" });

it("lets each side go on from its own answers", () => {
  const next = withQuestion(answered, "And then?", 1);
  expect(messagesOf(next, "plain", 1)).toEqual([
    { role: "user", content: "Hello" },
    { role: "assistant", content: "Hi." },
    { role: "user", content: "And then?" },
  ]);
  expect(messagesOf(next, "edited", 1)[1]).toEqual({ role: "assistant", content: "Ahoy!" });
});

it("keeps with the answers what rose and fell and how fast it was, as far as they are numbers", () => {
  const change = { index: 3, word: "sea", name: null, plain: 0, edited: 2, change: 0.5 };
  const variants = ["Hi.", "Ahoy!"].map((text) => ({ text, tokens: 1, reason: "stop" as const }));
  const figures = { firstTokenMs: 80, tokensPerSecond: 30, tokens: 2 };
  const kept = answersOf(["plain", "edited"], {
    variants,
    changes: [{ variant: 1, risen: [change, { ...change, change: Number.NaN }], fallen: [] }],
    figures,
  });
  expect(kept).toEqual({ plain: "Hi.", edited: "Ahoy!", changes: { risen: [change], fallen: [] }, figures });
  expect(answersOf(["plain"], { variants: [], changes: [], figures: { ...figures, tokensPerSecond: Infinity } })).toEqual({ plain: null });
});

it("knows what would be read next", () => {
  expect(nextPrompt(newConversation(), " ")).toBeUndefined();
  expect(nextPrompt(answered, "")).toEqual({ messages: [{ role: "user", content: "Hello" }] });
  expect(nextPrompt(answered, "And?")?.messages.map(({ content }) => content)).toEqual(["Hello", "Ahoy!", "And?"]);
});

it("takes the other side's answer where one has none, and leaves out what nobody answered", () => {
  const plainOnly = withQuestion(withAnswers(asked(), 0, { plain: "Hi." }), "Go on", 1);
  expect(messagesOf(plainOnly, "edited", 1)[1]).toEqual({ role: "assistant", content: "Hi." });
  const failed = withQuestion(asked({ system: "Be brief." }), "Again", 1);
  expect(messagesOf(failed, "plain", 1)).toEqual([
    { role: "system", content: "Be brief." },
    { role: "user", content: "Again" },
  ]);
});

it("asks for both sides in one batch, each with its own history, and for what changed", () => {
  const { request, sides } = requestFor(withQuestion(answered, "More", 1), 1);
  expect(sides).toEqual(["plain", "edited"]);
  expect(request).toMatchObject({ atlas: "first", changes: 8, variants: [{ edits: [] }, { edits: [dial.edit] }] });
  expect(request.variants[1]?.prompt).toMatchObject({ messages: [{ content: "Hello" }, { content: "Ahoy!" }, { content: "More" }] });
  expect(request).not.toHaveProperty("model");
});

it("answers plain alone where the edited side would say the same or cannot be", () => {
  expect(sidesOf(asked({ dials: [{ ...dial, muted: true }] }), 0)).toEqual(["plain"]);
  expect(sidesOf(asked({ atlas: null }), 0)).toEqual(["plain"]);
  expect(sidesOf(asked({ sides: "edited" }), 0)).toEqual(["edited"]);
  // The sides have parted: the edited conversation goes on even with its edits switched off.
  expect(sidesOf(withQuestion({ ...answered, dials: [] }, "x", 1), 1)).toEqual(["plain", "edited"]);
  expect(requestFor(asked({ sides: "plain" }), 0).request).toMatchObject({ changes: 0, variants: [{ edits: [] }] });
});

it("drops what followed an edited question", () => {
  const long = withQuestion(withQuestion(answered, "two", 1), "three", 2);
  expect(withQuestion(long, "other", 1).turns.map(({ user }) => user)).toEqual(["Hello", "other"]);
});

it("keeps a conversation as it is, switched-off edits included", () => {
  const conversation = { ...answered, dials: [dial, { ...newDial(3), muted: true }] };
  const chat = { id: "a", title: "t", created: "", updated: "", ...toInput(conversation) } as Chat;
  expect(fromChat(chat)).toEqual(conversation);
  expect(chat.muted).toEqual([1]);
  expect(chat.sampling).toEqual(defaultSampling);
});

it("names a conversation after its first question", () => {
  expect(titleOf("  Why?\nBecause")).toBe("Why?");
  expect(titleOf(" \n ")).toBe("Untitled");
  expect(titleOf("x".repeat(80))).toHaveLength(60);
});
