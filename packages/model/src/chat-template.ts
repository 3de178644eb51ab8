import { Environment, Template } from "@huggingface/jinja";
import { brief, LexiscopeError, messageOf } from "@lexiscope/core";
import { MeteredInterpreter, type TemplateBudget } from "./template-meter.ts";
import type { ChatMessage, ChatTemplate } from "./types.ts";
import { isLate, withinTime } from "./within-time.ts";

/** Real templates have up to 100 KB; stops a "template" that is another file. */
const maxTemplateCharacters = 2 ** 18;
/** Real ones take a few milliseconds. The budget ends a template that loops or grows; the clock what no budget sees, as parsing. */
const maxMilliseconds = 2000;
/** `range` makes a list in one step. */
const maxRange = 100_000;

const roles: readonly string[] = ["system", "user", "assistant"] satisfies ChatMessage["role"][];

export interface ChatTemplateSource {
  template: string;
  /** What errors call it. */
  file: string;
  bosToken: string | undefined;
  eosToken: string | undefined;
}

/** A Jinja chat template, rendered as Transformers does (blocks trimmed, `tools` none) and within bounds of size and time. */
export function createChatTemplate(source: ChatTemplateSource): ChatTemplate {
  const { file } = source;
  if (source.template.length > maxTemplateCharacters)
    throw new LexiscopeError(
      "bad_file",
      `${file}: the chat template has ${source.template.length} characters; ${maxTemplateCharacters} are allowed`,
      { file, field: "chat_template" },
    );
  let parsed: Template | undefined;
  return {
    render: (messages, { addGenerationPrompt }) => {
      checkMessages(messages);
      parsed ??= bounded(file, "is not valid Jinja", () => new Template(source.template));
      const { parsed: program } = parsed;
      const budget = budgetFor(source.template, messages);
      const environment = new Environment();
      const variables = {
        ...globals,
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: addGenerationPrompt,
        bos_token: source.bosToken ?? "",
        eos_token: source.eosToken ?? "",
        tools: null,
        documents: null,
      };
      for (const [name, value] of Object.entries(variables)) environment.set(name, value);
      return bounded(file, "refuses this conversation", () =>
        String(new MeteredInterpreter(environment, program, budget).run(program).value),
      );
    },
  };
}

/** A template is a program from a stranger. Real ones spend some ten units a character and a thousand a message. */
function budgetFor(template: string, messages: readonly ChatMessage[]): TemplateBudget {
  const characters = messages.reduce((sum, { content }) => sum + content.length, template.length);
  return { work: 2 ** 22 + 64 * characters + 2 ** 14 * messages.length, longest: 2 ** 22 + 8 * characters };
}

/** What Transformers puts into every template's environment; the library's own `Template.render` has the same, with an unbounded `range`. */
const globals = {
  ...Object.fromEntries([
    ["true", true],
    ["True", true],
    ["false", false],
    ["False", false],
    ["none", null],
    ["None", null],
  ]),
  range: boundedRange,
  raise_exception: (message: unknown): never => {
    throw new Error(String(message));
  },
  strftime_now: (format: unknown): string => clock.render({ format: String(format).slice(0, 256) }),
};

const clock = new Template("{{ strftime_now(format) }}");

function bounded<T>(file: string, complaint: string, work: () => T): T {
  try {
    return withinTime(maxMilliseconds, work);
  } catch (cause) {
    const late = isLate(cause);
    throw new LexiscopeError(
      "invalid_input",
      late
        ? `${file}: the chat template ran for more than ${maxMilliseconds} ms`
        : `${file}: the model's chat template ${complaint}: ${messageOf(cause)}`,
      {
        file,
        field: "chat_template",
        hint: late ? "use another copy of the model" : "many templates want user and assistant in turn, and some know no system message",
        cause,
      },
    );
  }
}

function boundedRange(first: number, second?: number, step = 1): number[] {
  const [from, to] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= maxRange)) throw new RangeError(`range of ${length} numbers; ${maxRange} are allowed`);
  return Array.from({ length }, (_, i) => from + i * step);
}

function checkMessages(messages: readonly ChatMessage[]): void {
  const wrong = (what: string, field: string): LexiscopeError =>
    new LexiscopeError("invalid_input", what, {
      field,
      hint: `messages are {role, content} with a role of ${roles.join(", ")} and text as content`,
    });
  if (!Array.isArray(messages) || messages.length === 0) throw wrong("a conversation needs at least one message", "messages");
  for (const [i, message] of messages.entries() as IterableIterator<[number, Partial<ChatMessage> | null]>) {
    if (!roles.includes(message?.role ?? "")) throw wrong(`message ${i} has the role ${brief(message?.role)}`, `messages.${i}.role`);
    if (typeof message?.content !== "string") throw wrong(`message ${i} has no text`, `messages.${i}.content`);
  }
}
