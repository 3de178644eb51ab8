import type { ChatMessage, ChatTemplate } from "@lexiscope/model";
import { createChatTemplate } from "@lexiscope/model";
import { beforeAll, expect, it } from "vitest";
import { messageSpans } from "./message-spans.ts";
import { buildPrompt } from "./prompt.ts";
import { openTinySteering, type TinySteering } from "./testing/tiny-steering.ts";

const all = new Set<ChatMessage["role"]>(["system", "user", "assistant"]);
let tiny: TinySteering;
beforeAll(async () => {
  tiny = await openTinySteering();
});

/** The text of each message's span. */
function texts(messages: ChatMessage[], roles = all, template: ChatTemplate | undefined = tiny.model.chatTemplate): [string, string][] {
  const model = { ...tiny.model, chatTemplate: template };
  const prompt = buildPrompt(model, { messages }, 1);
  return messageSpans(model, prompt, roles).map(({ role, from, to }) => [role, model.tokenizer.decode(prompt.ids.slice(from, to))]);
}

const templateOf = (template: string): ChatTemplate =>
  createChatTemplate({ template, file: "template", bosToken: undefined, eosToken: undefined });

it("finds every message's text and nothing of its markup, whatever the text is", () => {
  const messages: ChatMessage[] = [
    { role: "system", content: "user" },
    { role: "user", content: "wéll, im_end" },
    { role: "assistant", content: "user" },
    { role: "user", content: "assistant" },
  ];
  expect(texts(messages)).toEqual(messages.map(({ role, content }) => [role, content]));
});

it("finds those of the roles that are asked for, and leaves out what is empty", () => {
  const messages: ChatMessage[] = [
    { role: "system", content: "a" },
    { role: "user", content: " " },
    { role: "user", content: "b" },
  ];
  expect(texts(messages, new Set(["user"]))).toEqual([["user", "b"]]);
});

it("follows a template that trims texts and refuses roles out of turn", () => {
  const template = templateOf(
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('turns') }}{% endif %}[{{ m.content | trim }}]{% endfor %}",
  );
  expect(
    texts(
      [
        { role: "user", content: " x " },
        { role: "assistant", content: "y\n" },
      ],
      all,
      template,
    ),
  ).toEqual([
    ["user", "x"],
    ["assistant", "y"],
  ]);
});

it("refuses a template that changes or leaves out the text, by name", () => {
  const unsupported = (field: string): unknown => expect.objectContaining({ code: "unsupported", message: expect.stringContaining(field) });
  const messages: ChatMessage[] = [{ role: "user", content: "abc" }];
  expect(() => texts(messages, all, templateOf("{% for m in messages %}{{ m.content | upper }}{% endfor %}"))).toThrow(
    unsupported("changes the text of message 0"),
  );
  expect(() => texts(messages, all, templateOf("hello"))).toThrow(unsupported("leaves message 0 out"));
});

it("refuses a prompt that is no chat", () => {
  expect(() => messageSpans(tiny.model, buildPrompt(tiny.model, "text", 1), all)).toThrow(
    expect.objectContaining({ code: "invalid_input", field: "positions" }),
  );
});

it("is not misled by private-use characters in a message", () => {
  const messages: ChatMessage[] = [
    { role: "user", content: "a\u{F8FE}b\u{F0000}0\u{F0000}" },
    { role: "assistant", content: "\u{F8FE}\u{F0001}" },
    { role: "user", content: "\u{F8FE}" },
  ];
  expect(texts(messages)).toEqual(messages.map(({ role, content }) => [role, content]));
});

it("renders the template twice, however many messages there are", () => {
  const messages = Array.from({ length: 8 }, (_, i): ChatMessage => ({ role: i % 2 ? "assistant" : "user", content: String(i % 3) }));
  const prompt = { ...buildPrompt(tiny.model, { messages: messages.slice(-4) }, 1) };
  let rendered = 0;
  const { chatTemplate } = tiny.model;
  const render: ChatTemplate["render"] = (...args) => {
    rendered++;
    return chatTemplate?.render(...args) ?? "";
  };
  const spans = messageSpans({ ...tiny.model, chatTemplate: { render } }, prompt, all);
  expect(spans.map(({ from, to }) => tiny.model.tokenizer.decode(prompt.ids.slice(from, to)))).toEqual(["1", "2", "0", "1"]);
  expect(rendered).toBe(2);
});
