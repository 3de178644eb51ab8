import { createInterface } from "node:readline/promises";
import type { Atlas } from "@lexiscope/atlas";
import { LexiscopeError, throwIfAborted } from "@lexiscope/core";
import type { ChatMessage, Model } from "@lexiscope/model";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand, type CommandContext } from "../context.ts";
import { answer } from "../look/answer.ts";
import { type ChatState, chatHelp, chatLoop, type Reply } from "../look/chat-loop.ts";
import { type GenerationSettings, readEdits, withGenerationOptions } from "../look/generation-options.ts";
import { openModelFor, withAtlasIf } from "../look/session.ts";

export function chatCommand(): AnyCommand {
  const command = createCommand("chat", "Talk with the model, plain or with features turned up or down.", [
    ["talk, in a terminal", "lexiscope chat"],
    ["one message", 'lexiscope chat "What are you?"'],
    ["the plain answer and one with feature 1234 at eight times its maximum", 'lexiscope chat "What are you?" --edit "clamp:1234=8x" --beside'],
  ]);
  return withGenerationOptions(command)
    .option("--system <text>", "system message")
    .option("--message <text>", "one message, instead of the argument")
    .argument("[message]", "one message; without it the chat is interactive")
    .addHelpText("after", `\nIn an interactive chat:\n${chatHelp}\nWith --beside the edited answer is the one that the chat goes on from.`)
    .action((argument, options) =>
      runCommand(options, async (context) => {
        if (argument !== undefined && options.message !== undefined) throw new LexiscopeError("invalid_input", "there are two messages: the argument and --message", { field: "message", hint: "give one of them" });
        const message = options.message ?? argument;
        const edits = readEdits(options);
        if (message === undefined && !context.interactive) throw new LexiscopeError("invalid_input", "there is no message, and this is no terminal to type one in", { field: "message", hint: 'give one: lexiscope chat "What are you?"' });
        const messages: ChatMessage[] = options.system === undefined ? [] : [{ role: "system", content: options.system }];
        // Edits may come at any time in an interactive chat, so an atlas is opened then if it is clear which.
        await withAtlasIf(edits.length > 0, options.atlas, async (atlas, atlasName) => {
          const model = await openModelFor(context, options.model, options.dtype);
          const session: Session = { context, model, atlas, atlasName, settings: options };
          if (message === undefined) await interactive(session, { messages, edits });
          else context.out.result(await answer(context, { model, atlas }, { prompt: { messages: [...messages, { role: "user", content: message }] }, settings: options, edits, atlasName, signal: context.signal }));
        });
      }),
    );
}

interface Session {
  context: CommandContext;
  model: Model;
  atlas: Atlas | undefined;
  atlasName: string | undefined;
  settings: GenerationSettings;
}

async function interactive(session: Session, state: ChatState): Promise<void> {
  const { out, colors, signal } = session.context;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  let answering: AbortController | undefined;
  // In a terminal that is being read, Ctrl-C comes here: it stops an answer, or leaves.
  terminal.on("SIGINT", () => (answering ? answering.abort() : terminal.close()));
  const left = new Promise<undefined>((resolve) => terminal.once("close", () => resolve(undefined)));
  out.print(colors.dim(`${session.model.name}. ${chatHelp.replaceAll(/ {2,}/g, "  ")}`));
  const reply = async (now: ChatState): Promise<Reply> => {
    answering = new AbortController();
    let text = "";
    try {
      const settings = { ...session.settings, beside: now.edits.length > 0 ? session.settings.beside : undefined };
      await withAtlasFor(session, now, (atlas, atlasName) =>
        answer(session.context, { model: session.model, atlas }, { prompt: { messages: now.messages }, settings, edits: now.edits, atlasName, signal: AbortSignal.any([signal, answering?.signal ?? signal]), onText: (soFar) => (text = soFar) }),
      );
      return { text };
    } catch (error) {
      throwIfAborted(signal);
      return { text, error };
    } finally {
      answering = undefined;
    }
  };
  try {
    await chatLoop(state, { read: () => Promise.race([terminal.question(colors.bold("› "), { signal }).catch(() => undefined), left]), print: (text) => out.print(text) }, reply);
  } finally {
    terminal.close();
  }
}

async function withAtlasFor<T>(session: Session, state: ChatState, use: (atlas: Atlas | undefined, name: string | undefined) => Promise<T>): Promise<T> {
  if (session.atlas || state.edits.length === 0) return use(session.atlas, session.atlasName);
  return withAtlasIf(true, session.settings.atlas, use);
}
