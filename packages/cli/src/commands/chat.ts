import { LexiscopeError } from "@lexiscope/core";
import type { ChatMessage } from "@lexiscope/model";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { chatHelp } from "../look/chat-loop.ts";
import { chatFromLines, chatInTerminal, type ChatSession, replyTo } from "../look/chat-session.ts";
import { readEdits, withGenerationOptions } from "../look/generation-options.ts";
import { modelRef, openModelFor, withAtlasIf } from "../look/session.ts";

export function chatCommand(): AnyCommand {
  const command = createCommand("chat", "Talk with the model, plain or with features turned up or down.", [
    ["talk, in a terminal", "lexiscope chat"],
    ["one message", 'lexiscope chat "What are you?"'],
    [
      "the plain answer and one with feature 1234 at eight times its maximum",
      'lexiscope chat "What are you?" --edit "clamp:1234=8x" --beside',
    ],
    ["a message a line, answered in turn", "lexiscope chat < questions.txt"],
  ]);
  return withGenerationOptions(command)
    .option("--system <text>", "system message")
    .option("--message <text>", "one message, instead of the argument")
    .argument("[message]", "one message; without it the chat is interactive, or reads a message a line from a pipe")
    .addHelpText("after", `\nIn an interactive chat:\n${chatHelp}\nWith --beside the edited answer is the one that the chat goes on from.`)
    .action((argument, options) =>
      runCommand(options, async (context) => {
        if (argument !== undefined && options.message !== undefined)
          throw new LexiscopeError("invalid_input", "there are two messages: the argument and --message", {
            field: "message",
            hint: "give one of them",
          });
        const message = options.message ?? argument;
        if (message?.trim() === "")
          throw new LexiscopeError("invalid_input", "the message is empty", { field: "message", hint: "say something to the model" });
        const edits = readEdits(message === undefined ? { edit: options.edit } : options); // a chat of several turns may get edits later
        const messages: ChatMessage[] = options.system === undefined ? [] : [{ role: "system", content: options.system }];
        await withAtlasIf(edits.length > 0, options.atlas, async (atlas, atlasName) => {
          const session: ChatSession = {
            context,
            model: await openModelFor(context, modelRef(options.model, atlas), options.dtype),
            atlas,
            atlasName,
            settings: options,
          };
          if (message !== undefined)
            context.out.result(await replyTo(session, { messages: [...messages, { role: "user", content: message }], edits }));
          else await (context.interactive ? chatInTerminal : chatFromLines)(session, { messages, edits });
        });
      }),
    );
}
