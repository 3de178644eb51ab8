import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { answer } from "../look/answer.ts";
import { readEdits, withGenerationOptions } from "../look/generation-options.ts";
import { modelRef, openModelFor, withAtlasIf } from "../look/session.ts";
import { readTextFile } from "../look/text-file.ts";
import { safeText } from "../look/visible-text.ts";

export function generateCommand(): AnyCommand {
  const command = createCommand("generate", "Continue a text, plain or with features turned up or down.", [
    ["go on with a text", 'lexiscope generate "The most famous bridge in the world is"'],
    ["turn feature 1234 up to eight times its maximum, beside the plain text", 'lexiscope generate "I am" --edit "clamp:1234=8x" --beside'],
    ["draw instead of taking the most likely", 'lexiscope generate "Once upon a time" --temperature 0.8 --top-p 0.9 --seed 7'],
    ["a prompt from a pipe", "cat prompt.txt | lexiscope generate -"],
  ]);
  return withGenerationOptions(command)
    .argument("<prompt>", "text to go on from; - reads it from stdin")
    .action((prompt, options) =>
      runCommand(options, async (context) => {
        const edits = readEdits(options);
        const text = prompt === "-" ? await readTextFile("the standard input", process.stdin) : prompt;
        await withAtlasIf(edits.length > 0, options.atlas, async (atlas, atlasName) => {
          const model = await openModelFor(context, modelRef(options.model, atlas), options.dtype);
          if (context.colors.enabled && !options.beside) context.out.write(context.colors.dim(safeText(text)));
          context.out.result(
            await answer(context, { model, atlas }, { prompt: text, settings: options, edits, atlasName, signal: context.signal }),
          );
        });
      }),
    );
}
