import { createInterface as createLines } from "node:readline";
import { createInterface as createTerminal } from "node:readline/promises";
import type { Atlas } from "@lexiscope/atlas";
import type { GenerationResult } from "@lexiscope/contract";
import { LexiscopeError, throwIfAborted } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import type { CommandContext } from "../context.ts";
import { answer } from "./answer.ts";
import { type ChatState, chatHelp, chatLoop, type Reply } from "./chat-loop.ts";
import type { GenerationSettings } from "./generation-options.ts";
import { withAtlasIf } from "./session.ts";

export interface ChatSession {
  context: CommandContext;
  model: Model;
  /** Opened at once when there are edits at the start; else when the first one comes. */
  atlas: Atlas | undefined;
  atlasName: string | undefined;
  settings: GenerationSettings;
}

/** Answers the chat as it stands. */
export async function replyTo(
  session: ChatSession,
  state: ChatState,
  options: { signal?: AbortSignal; onText?: (text: string) => void } = {},
): Promise<GenerationResult> {
  const { context, model } = session;
  const { messages, edits } = state;
  const settings = { ...session.settings, beside: edits.length > 0 ? session.settings.beside : undefined };
  const use = (atlas: Atlas | undefined, atlasName: string | undefined): Promise<GenerationResult> =>
    answer(
      context,
      { model, atlas },
      {
        prompt: { messages },
        settings,
        edits,
        atlasName,
        signal: options.signal ?? context.signal,
        ...(options.onText ? { onText: options.onText } : {}),
      },
    );
  return session.atlas || edits.length === 0 ? use(session.atlas, session.atlasName) : withAtlasIf(true, session.settings.atlas, use);
}

/** A chat in a terminal. Ctrl-C stops an answer, or leaves; a mistake is explained and the chat goes on. */
export async function chatInTerminal(session: ChatSession, state: ChatState): Promise<void> {
  const { out, colors, signal } = session.context;
  const terminal = createTerminal({ input: process.stdin, output: process.stdout });
  let answering: AbortController | undefined;
  // In a terminal that is being read, Ctrl-C comes here and not as a signal.
  terminal.on("SIGINT", () => (answering ? answering.abort() : terminal.close()));
  const typedAhead: string[] = []; // lines that came while an answer was given
  terminal.on("line", (line) => typedAhead.push(line));
  const left = new Promise<undefined>((resolve) => terminal.once("close", () => resolve(undefined)));
  const reply = async (now: ChatState): Promise<Reply> => {
    const stop = new AbortController();
    answering = stop;
    let text = "";
    try {
      await replyTo(session, now, { signal: AbortSignal.any([signal, stop.signal]), onText: (soFar) => (text = soFar) });
      return { text };
    } catch (error) {
      throwIfAborted(signal);
      return { text, error };
    } finally {
      answering = undefined;
    }
  };
  out.print(colors.dim(`${session.model.name}. ${chatHelp.replaceAll(/ {2,}/g, "  ")}`));
  try {
    await chatLoop(
      state,
      {
        read: async () =>
          typedAhead.shift() ?? Promise.race([terminal.question(colors.bold("› "), { signal }).catch(() => undefined), left]),
        print: (text) => out.print(text),
      },
      reply,
    );
  } finally {
    terminal.close();
  }
}

/** A chat whose lines come from a pipe: each is a message, answered before the next is read. The first failure ends it. */
export async function chatFromLines(session: ChatSession, state: ChatState): Promise<void> {
  const { out, signal } = session.context;
  const lines = createLines({ input: process.stdin, signal });
  const iterator = lines[Symbol.asyncIterator]();
  let answered = 0;
  const reply = async (now: ChatState): Promise<Reply> => {
    const result = await replyTo(session, now);
    answered++;
    out.result(result);
    return { text: result.variants.at(-1)?.text ?? "" };
  };
  try {
    await chatLoop(state, { read: async () => (await iterator.next()).value, print: (text) => out.print(text) }, reply);
  } finally {
    lines.close();
  }
  throwIfAborted(signal);
  if (answered === 0)
    throw new LexiscopeError("invalid_input", "there is no message, and this is no terminal to type one in", {
      field: "message",
      hint: 'give one: lexiscope chat "What are you?"',
    });
}
