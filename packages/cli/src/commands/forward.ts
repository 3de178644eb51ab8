import type { ForwardResult } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import { forwardText, parseEdit, type ForwardTextResult } from "@lexiscope/steering";
import type { Colors } from "../colors.ts";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { number, percent, quoted } from "../look/feature-view.ts";
import { readTextFile } from "../look/text-file.ts";
import { defaultModel, modelRef, openModelFor, withAtlasIf } from "../look/session.ts";
import { count, oneOf, several } from "../options.ts";
import { formatTable } from "../text.ts";

export function forwardCommand(): AnyCommand {
  return createCommand("forward", "Run the model once over a text: likely next tokens, norms, loss.", [
    ["the five most likely tokens after every token", 'lexiscope forward --text "The capital of France is"'],
    ["norms of the residual stream after every block, as JSON", "lexiscope forward --text-file story.txt --norms --json"],
    ["with a feature turned off", 'lexiscope forward --text "The capital of France is" --edit "ablate:1234"'],
  ])
    .option("--text <text>", "the text")
    .option("--text-file <file>", "a file with the text (UTF-8)")
    .option("--model <ref>", `built-in name, GGUF file or folder (default: the atlas's, else ${defaultModel})`)
    .option("--top <n>", "most likely next tokens shown", count("--top", { min: 0, max: 1000 }), 5)
    .option("--norms", "norm of the residual stream after every block")
    .option("--dtype <dtype>", "f32 (exact) or fast", oneOf("--dtype", ["f32", "fast"]), "f32" as const)
    .option("--literal", "read special tokens written in the text as plain text")
    .option("--edit <edit>", "clamp:N=8x, add:N=0.5n, scale:N=3, ablate:N, with @FROM-TO; may be given several times", several)
    .option("--atlas <name>", "atlas whose features edits name (default: the only one)")
    .option("--everywhere", "edits also change position 0, special tokens and outliers")
    .option("--other-model", "accept an atlas that was made for another model of the same shape")
    .action((options) =>
      runCommand(options, async (context) => {
        const text = await readText(options);
        if (text === "")
          throw new LexiscopeError("invalid_input", "the text is empty", {
            field: options.text === undefined ? "--text-file" : "--text",
            hint: "give the model at least one token",
          });
        const edits = (options.edit ?? []).map(parseEdit);
        await withAtlasIf(edits.length > 0, options.atlas, async (atlas) => {
          const model = await openModelFor(context, modelRef(options.model, atlas), options.dtype);
          const { tokens, nll, warnings } = await forwardText(
            { model, atlas },
            {
              text,
              literal: options.literal,
              top: options.top,
              norms: options.norms,
              edits,
              editEverywhere: options.everywhere,
              allowOtherModel: options.otherModel,
              signal: context.signal,
            },
          );
          for (const warning of warnings) context.out.note(`warning: ${warning}`);
          const result: ForwardResult = { model: model.name, cpuPath: model.cpuPath, tokens, nll };
          if (!context.json) context.out.print(forwardView(tokens, nll, context.colors));
          context.out.result(result);
        });
      }),
    );
}

async function readText(options: { text?: string | undefined; textFile?: string | undefined }): Promise<string> {
  const { text, textFile } = options;
  if ((text === undefined) === (textFile === undefined))
    throw new LexiscopeError("invalid_input", text === undefined ? "there is no text" : "there are two texts: --text and --text-file", {
      field: "--text",
      hint: 'give one of --text "…" and --text-file FILE',
    });
  if (text !== undefined) return text;
  return readTextFile(textFile ?? "");
}

/** A line a token: what it is and what may follow it. */
function forwardView(tokens: ForwardTextResult["tokens"], nll: number | null, colors: Colors): string {
  const likely = tokens.map(({ id, text, position, top }) => [
    String(position),
    colors.dim(String(id)),
    quoted(text),
    ...top.map((next) => `${quoted(next.text)} ${colors.dim(percent(Math.exp(next.logprob)))}`),
  ]);
  const parts = [formatTable(likely, [0, 1])];
  const sites = Object.keys(tokens[0]?.norms ?? {});
  if (sites.length > 0) {
    const rows = tokens.map(({ text, position, norms }) => [
      String(position),
      quoted(text),
      ...sites.map((site) => number(norms?.[site] ?? Number.NaN)),
    ]);
    const head = ["", colors.dim("norm after block"), ...sites.map((site) => colors.dim(site.split(".")[1] ?? site))];
    parts.push(formatTable([head, ...rows], [0, ...sites.map((_, i) => i + 2)]));
  }
  parts.push(
    nll === null
      ? colors.dim("one token: nothing to predict")
      : `${number(nll)} nats per token ${colors.dim(`(perplexity ${number(Math.exp(nll))})`)}`,
  );
  return parts.join("\n\n");
}
