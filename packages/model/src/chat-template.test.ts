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
      /more than any conversation of this length needs|more than 2000 ms/,
    );
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test.each([
    ["a list that doubles", "{% set ns = namespace(a=[1]) %}{% for i in range(99) %}{% set ns.a = ns.a + ns.a %}{% endfor %}", /needs/],
    [
      "a text that doubles",
      "{% set ns = namespace(a='x') %}{% for i in range(99) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}",
      /characters/,
    ],
    ["lists within lists, written out", `${"{% set a = [a, a] %}".repeat(40)}{{ a }}`, /needs/],
    ["the same as JSON", `${"{% set a = [a, a] %}".repeat(40)}{{ a | tojson }}`, /needs/],
    ["the same beside a text", `${"{% set a = [a, a] %}".repeat(40)}{{ 'x' ~ a }}`, /needs/],
    ["the same compared with a text", `${"{% set a = [a, a] %}".repeat(40)}{{ a == 'x' }}`, /needs/],
    ["a namespace that holds itself", "{% set ns = namespace(a=1) %}{% set ns.a = [ns] %}{{ ns }}", /needs/],
    ["a macro that calls itself", "{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}", /stack|needs|call/],
    ["indent", "{{ 'a\nb' | indent(268435455) }}", /characters/],
    ["indent as a block", "{% filter indent(268435455) %}a\nb{% endfilter %}", /characters/],
    ["indented JSON", "{{ [[[1]]] | tojson(indent=99999999) }}", /characters/],
    [
      "separators of JSON",
      "{% set s = 'x' | indent(0) %}{{ range(9999) | list | tojson(separators=[messages[0].content.replace('', 'y' | replace('y', 'z')), s]) }}",
      undefined,
    ],
    ["join", "{{ range(100000) | join('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') }}", /characters|needs/],
    ["replace", "{% set a = range(99999) | join('-') %}{{ a.replace('', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy') }}", /characters/],
    ["replace as a filter", "{% set a = range(99999) | join('-') %}{{ a | replace('', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy') }}", /characters/],
    ["replace by its name", "{% set a = range(99999) | join('-') %}{{ a['replace']('', a) }}", /characters/],
    ["a method taken along", "{% set f = 'aa'.replace %}{{ f('', 'b') }}", /not kept/],
    ["white space before a tag", `${" ".repeat(250_000)}x{{ 1 }}`, /more than 2000 ms/],
    ["brackets", `{{ ${"(".repeat(100_000)} }}`, /valid Jinja/],
  ])("growth is refused, or harmless: %s", (_, template, message) => {
    const before = process.memoryUsage();
    const started = process.cpuUsage();
    // On a busy machine the clock may ring before the budget is spent.
    if (message) expect(() => render(template)).toThrow(new RegExp(`${message.source}|more than 2000 ms`));
    else render(template);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(6000);
    expect(process.memoryUsage().heapUsed - before.heapUsed).toBeLessThan(400 * 2 ** 20);
  });

  test("long conversations have room", () => {
    const messages = Array.from({ length: 2000 }, (_, i): ChatMessage => ({
      role: i % 2 ? "assistant" : "user",
      content: `message ${i} `.repeat(20),
    }));
    const template =
      "{% set ns = namespace(text='', n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% set ns.text = ns.text + m['role'] + ': ' + m.content | trim + '\n' %}{% if '</think>' in m.content %}{{ m.content.split('</think>')[-1] }}{% endif %}{% endfor %}{{ ns.text }}";
    expect(render(template, messages)).toHaveLength(messages.reduce((n, { role, content }) => n + role.length + content.length + 2, 0));
  });

  test("a list that fills the memory is refused", () => {
    expect(() => render("{{ range(1000000000) }}")).toThrow(/100000 are allowed/);
    expect(() => render("{{ range(0, 5, 0) }}")).toThrow(/range/);
  });

  test("a template that is another file, or no Jinja, is a named error", () => {
    expect(() => render("x".repeat(2 ** 18 + 1))).toThrow(expect.objectContaining({ code: "bad_file", field: "chat_template" }));
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
