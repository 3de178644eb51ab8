import type { ChatMessage } from "@lexiscope/model";
import { beforeAll, describe, expect, it } from "vitest";
import { buildPrompt } from "./prompt.ts";
import { openTinySteering, type TinySteering } from "./testing/tiny-steering.ts";

/** Context 128, one token a byte; a message costs its bytes, its role's, and four more; the opening of the answer costs 11. */
let tiny: TinySteering;
beforeAll(async () => {
  tiny = await openTinySteering();
});

const user = (content: string): ChatMessage => ({ role: "user", content });
const assistant = (content: string): ChatMessage => ({ role: "assistant", content });
const system: ChatMessage = { role: "system", content: "Be brief." };
const textOf = (ids: number[]): string => tiny.model.tokenizer.decode(ids);

describe("a plain text", () => {
  it("is tokenised as it is", () => {
    expect(buildPrompt(tiny.model, "a<|im_end|>", 5)).toEqual({
      ids: [68, 2].map((id, i) => (i === 0 ? tiny.model.tokenizer.encode("a")[0] : id)),
      dropped: 0,
    });
  });
  it("may fill the context, and is refused with both lengths when it is longer", () => {
    expect(buildPrompt(tiny.model, "x".repeat(128), 50).ids).toHaveLength(128);
    expect(() => buildPrompt(tiny.model, "x".repeat(129), 1)).toThrow("the prompt has 129 tokens; the model's context holds 128");
  });
  it("is refused when it is empty", () => expect(() => buildPrompt(tiny.model, "", 1)).toThrow("the prompt is empty"));
});

describe("a chat", () => {
  it("goes through the template, with the answer opened", () => {
    expect(textOf(buildPrompt(tiny.model, { messages: [system, user("Hi")] }, 5).ids)).toBe(
      "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    );
  });
  it("drops its oldest turns until the answer has room, never the system message or the last", () => {
    const messages = [
      system,
      user("1".repeat(30)),
      assistant("2".repeat(30)),
      user("3".repeat(20)),
      assistant("4".repeat(10)),
      user("5".repeat(10)),
    ];
    const { ids, dropped } = buildPrompt(tiny.model, { messages }, 1000);
    expect(dropped).toBe(4);
    expect(textOf(ids)).toBe(
      `<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n${"5".repeat(10)}<|im_end|>\n<|im_start|>assistant\n`,
    );
    expect(ids.length + 32).toBeLessThanOrEqual(128); // a quarter of the context is kept for an answer that asks for more
  });
  it("drops no more than it must", () => {
    const messages = [user("1".repeat(30)), assistant("2".repeat(30)), user("3".repeat(10))];
    expect(buildPrompt(tiny.model, { messages }, 8).dropped).toBe(0);
    expect(buildPrompt(tiny.model, { messages }, 32).dropped).toBe(2);
  });
  it("gives up the room of the answer before it gives up the last message", () => {
    expect(buildPrompt(tiny.model, { messages: [user("x".repeat(100))] }, 1000)).toMatchObject({ dropped: 0 });
    expect(() => buildPrompt(tiny.model, { messages: [user("old"), user("x".repeat(120))] }, 5)).toThrow(
      /the prompt has 13\d tokens; the model's context holds 128/,
    );
  });
  it("needs a template and a message", () => {
    expect(() => buildPrompt({ ...tiny.model, chatTemplate: undefined }, { messages: [user("Hi")] }, 5)).toThrow(/has no chat template/);
    expect(() => buildPrompt(tiny.model, { messages: [] }, 5)).toThrow("the chat has no messages");
  });
});
