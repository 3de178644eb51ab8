import { inspectResult, inspectText } from "@lexiscope/atlas";
import { checkMadeFor } from "@lexiscope/steering";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { inspectView } from "../look/inspect-view.ts";
import { modelRef, openModelFor, withAtlas } from "../look/session.ts";
import { count, oneOf } from "../options.ts";

export function inspectCommand(): AnyCommand {
  return createCommand("inspect", "Name the strongest features at every token of a text.", [
    ["a sentence", 'lexiscope inspect "The Golden Gate Bridge is in San Francisco."'],
    ["the ten strongest, as JSON", 'lexiscope inspect "I am a language model." --top 10 --json'],
  ])
    .argument("<text>", "the text")
    .option("--atlas <name>", "atlas on the shelf, or its folder (default: the only one)")
    .option("--model <ref>", "model to run (default: the one that the atlas names)")
    .option("--top <n>", "features shown at every token", count("--top", { min: 0, max: 4096 }), 4)
    .option("--literal", "read special tokens written in the text as plain text")
    .option("--dtype <dtype>", "f32 (exact) or fast", oneOf("--dtype", ["f32", "fast"]), "fast" as const)
    .option("--other-model", "accept an atlas that was made for another model of the same shape")
    .action((text, options) =>
      runCommand(options, async (context) => {
        const { out, signal } = context;
        await withAtlas(options.atlas, async (atlas, name) => {
          const model = await openModelFor(context, modelRef(options.model, atlas), options.dtype);
          for (const warning of await checkMadeFor(model, atlas, { allowOtherModel: options.otherModel, signal }))
            out.note(`warning: ${warning}`);
          const result = inspectResult(
            model,
            atlas,
            name,
            await inspectText({ model, atlas, text, top: options.top, literal: options.literal, signal }),
          );
          if (!context.json) out.print(inspectView(result, context.colors));
          out.result(result);
        });
      }),
    );
}
