import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { builtInForTests, goldenPath } from "./built-in.fixture.ts";
import { createChatTemplate } from "./chat-template.ts";
import { planGguf } from "./plan-gguf.ts";
import type { ChatMessage } from "./types.ts";

const { path, skipped } = await builtInForTests();
const hello: ChatMessage[] = [{ role: "user", content: "Hello" }];
const render = (template: string, messages: ChatMessage[] = hello): string =>
  createChatTemplate({ template, file: "config.json", bosToken: "<s>", eosToken: undefined }).render(messages, {
    addGenerationPrompt: true,
  });

test.skipIf(skipped)(`conversations as Transformers 5.23 renders them ${skipped ?? ""}`, async () => {
  const { template } = await planGguf(path ?? "");
  const chat = template && createChatTemplate(template);
  const { items } = JSON.parse(readFileSync(goldenPath("chats.json"), "utf8")) as {
    items: { messages: ChatMessage[]; addGenerationPrompt: boolean; text: string }[];
  };
  expect(items.length).toBeGreaterThan(15);
  for (const { messages, addGenerationPrompt, text } of items) expect(chat?.render(messages, { addGenerationPrompt })).toBe(text);
});

describe("what a template can use", () => {
  test("tokens, loops, dates, none", () => {
    expect(render("{{ bos_token }}{{ eos_token }}{% for i in range(2, 8, 3) %}{{ i }}{% endfor %}{% if tools is none %}N{% endif %}")).toBe(
      "<s>25N",
    );
    expect(render("{{ strftime_now('%Y') }}")).toMatch(/^20\d\d$/);
    expect(render("{% if true %}\n  a\n  {% endif %}\nb")).toBe("  a\nb");
  });
});

describe("bounds", () => {
  test("a template that loops is stopped", () => {
    const started = performance.now();
    expect(() => render("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")).toThrow(
      /ran for more than 2000 ms/,
    );
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test("a list that fills the memory is refused", () => {
    expect(() => render("{{ range(1000000000) }}")).toThrow(/100000 are allowed/);
    expect(() => render("{{ range(0, 5, 0) }}")).toThrow(/range/);
  });

  test("a template that is another file, or no Jinja, is a named error", () => {
    expect(() => render("x".repeat(2 ** 20 + 1))).toThrow(expect.objectContaining({ code: "bad_file", field: "chat_template" }));
    expect(() => render("{% for")).toThrow(/is not valid Jinja/);
    expect(() => render("{{ raise_exception('alternate!') }}")).toThrow(
      expect.objectContaining({ code: "invalid_input", message: expect.stringContaining("alternate!") }),
    );
  });

  test("messages are checked", () => {
    const bad =
      (messages: unknown): (() => string) =>
      () =>
        render("x", messages as ChatMessage[]);
    expect(bad([])).toThrow(/at least one message/);
    expect(bad([{ role: "tool", content: "" }])).toThrow(/message 0 has the role "tool"/);
    expect(bad([{ role: "user", content: [{ type: "text" }] }])).toThrow(/message 0 has no text/);
    expect(bad([null])).toThrow(/message 0/);
  });
});
