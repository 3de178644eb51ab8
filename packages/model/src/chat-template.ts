import vm from "node:vm";
import { Environment, Interpreter, Template } from "@huggingface/jinja";
import { LexiscopeError, messageOf } from "@lexiscope/core";
import type { ChatMessage, ChatTemplate } from "./types.ts";

/** Real templates have up to 100 KB; stops a "template" that is another file. */
const maxTemplateCharacters = 2 ** 20;
/** A template is a program from a stranger: this ends one that loops. Real ones take a few milliseconds. */
const maxMilliseconds = 2000;
/** `range` makes a list: stops one that fills the memory before the clock stops it. */
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
      return bounded(file, "refuses this conversation", () => String(new Interpreter(environment).run(program).value));
    },
  };
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
  strftime_now: (format: string): string => new Template("{{ strftime_now(format) }}").render({ format }),
};

/** Runs in a context of its own only because Node's clock for synchronous code hangs on one. */
function bounded<T>(file: string, complaint: string, work: () => T): T {
  try {
    return vm.runInNewContext("work()", { work }, { timeout: maxMilliseconds }) as T;
  } catch (cause) {
    const late = (cause as NodeJS.ErrnoException | undefined)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
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
    if (!roles.includes(message?.role ?? ""))
      throw wrong(`message ${i} has the role ${JSON.stringify(message?.role)}`, `messages.${i}.role`);
    if (typeof message?.content !== "string") throw wrong(`message ${i} has no text`, `messages.${i}.content`);
  }
}
