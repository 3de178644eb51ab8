import { createRandom } from "@lexiscope/core";
import type { ChatMessage, Model } from "@lexiscope/model";
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

/** What the search must find, by the rule itself: one message after the other. */
function droppedOneByOne(model: Model, messages: ChatMessage[], room: number): number {
  for (let kept = messages; ;) {
    const text = model.chatTemplate?.render(kept, { addGenerationPrompt: true }) ?? "";
    const length = model.tokenizer.encode(text, { addSpecial: false }).length;
    const first = kept.findIndex(({ role }) => role !== "system");
    const last = kept.length - 1;
    if (length + Math.min(room, 32) <= 128 || first < 0 || first >= last) return messages.length - kept.length;
    let next = first + 1;
    while (next < last && kept[next]?.role === "assistant") next++;
    kept = kept.filter(({ role }, i) => role === "system" || i >= next);
  }
}

describe("a long chat", () => {
  it("drops what dropping one by one drops", () => {
    const random = createRandom(5);
    const roles = ["user", "assistant", "user", "assistant", "system"] as const;
    for (let round = 0; round < 60; round++) {
      const messages = Array.from({ length: 1 + random.below(30) }, (): ChatMessage => {
        const role = roles[random.below(random.below(4) === 0 ? 5 : 4)] ?? "user";
        return { role, content: "x".repeat(role === "system" ? 1 : random.below(40)) };
      });
      const room = 1 + random.below(40);
      const expected = droppedOneByOne(tiny.model, messages, room);
      try {
        expect(buildPrompt(tiny.model, { messages }, room).dropped).toBe(expected);
      } catch (error) {
        expect(error).toMatchObject({ code: "invalid_input", field: "prompt" }); // what must stay is too long
      }
    }
  });

  it.each([
    ["alike", (): number => 95],
    ["of lengths that tell nothing of the rest", (i: number): number => (i % 97 === 0 ? 5000 : i % 5)],
  ])("of 1,000 messages %s is rendered a few times, and tokenised no further than the context reaches", (_, length) => {
    const messages = Array.from({ length: 1000 }, (__, i) => (i % 2 ? assistant : user)("x".repeat(i === 999 ? 5 : length(i))));
    let [rendered, tokenised] = [0, 0];
    const { chatTemplate, tokenizer } = tiny.model;
    const model: Model = {
      ...tiny.model,
      tokenizer: {
        ...tokenizer,
        encode: (text, options) => {
          tokenised += text.length;
          return tokenizer.encode(text, options);
        },
      },
      chatTemplate: {
        render: (...args) => {
          rendered++;
          return chatTemplate?.render(...args) ?? "";
        },
      },
    };
    const began = performance.now();
    const { dropped } = buildPrompt(model, { messages }, 8);
    expect(performance.now() - began).toBeLessThan(2000);
    expect(dropped).toBeGreaterThan(980);
    expect(rendered).toBeLessThanOrEqual(20);
    expect(tokenised).toBeLessThan(20 * 128 * 16);
  });

  it("that is far too long as a plain text is refused without being tokenised", () => {
    const began = performance.now();
    expect(() => buildPrompt(tiny.model, "x".repeat(5_000_000), 1)).toThrow(
      "the prompt has more than 128 tokens; the model's context holds 128",
    );
    expect(performance.now() - began).toBeLessThan(500);
  });
});
