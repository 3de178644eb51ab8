import type { Command } from "@commander-js/extra-typings";
import { LexiscopeError } from "@lexiscope/core";
import { type Edit, defaultSampling, parseEdit, type SamplingOptions } from "@lexiscope/steering";
import type { createCommand } from "../command.ts";
import { count, oneOf, real, several } from "../options.ts";
import { defaultModel } from "./session.ts";

/** Adds the options that `generate` and `chat` share. */
export function withGenerationOptions(command: ReturnType<typeof createCommand>): Command<[], GenerationSettings & CommonFlags> {
  return command
    .option("--model <ref>", `built-in name, GGUF file or folder (default: the atlas's, else ${defaultModel})`)
    .option("--atlas <name>", "atlas whose features edits name (default: the only one)")
    .option(
      "--edit <edit>",
      "clamp:N=8x, add:N=0.5n, scale:N=3, ablate:N, with @prompt, @generated, @FROM-TO, @FROM- or @user (a role); may be given several times",
      several,
    )
    .option("--beside", "print the plain answer and the edited one together")
    .option("--everywhere", "edits also change position 0, special tokens and outliers")
    .option("--other-model", "accept an atlas that was made for another model of the same shape")
    .option(
      "--temperature <t>",
      "0 = always the most likely token",
      real("--temperature", { min: 0, max: 100 }),
      defaultSampling.temperature,
    )
    .option(
      "--top-p <p>",
      "draw from the most likely tokens that together reach p",
      real("--top-p", { min: 0, max: 1 }),
      defaultSampling.topP,
    )
    .option(
      "--repetition-penalty <r>",
      "above 1: tokens that were there become less likely",
      real("--repetition-penalty", { min: 0.01, max: 100 }),
      defaultSampling.repetitionPenalty,
    )
    .option("--max-tokens <n>", "longest answer", count("--max-tokens"), defaultSampling.maxTokens)
    .option("--seed <n>", "seed of the draws", count("--seed", { min: 0 }), defaultSampling.seed)
    .option("--stop <text>", "text that ends the answer; may be given several times", several)
    .option("--dtype <dtype>", "f32 or fast", oneOf("--dtype", ["f32", "fast"]), "fast" as const);
}

/** The options of {@link createCommand}. */
type CommonFlags = { json?: true | undefined; offline?: true | undefined };

export type GenerationSettings = {
  model?: string | undefined;
  atlas?: string | undefined;
  edit?: string[] | undefined;
  beside?: true | undefined;
  everywhere?: true | undefined;
  otherModel?: true | undefined;
  temperature: number;
  topP: number;
  repetitionPenalty: number;
  maxTokens: number;
  seed: number;
  stop?: string[] | undefined;
  dtype: "f32" | "fast";
};

/** The edits asked for; `--beside` without any is a mistake. */
export function readEdits(settings: Pick<GenerationSettings, "edit" | "beside">): Edit[] {
  const edits = (settings.edit ?? []).map(parseEdit);
  if (settings.beside && edits.length === 0)
    throw new LexiscopeError("invalid_input", "--beside shows an edited answer beside the plain one, and there is no edit", {
      field: "--beside",
      hint: 'add one, such as --edit "clamp:1234=8x"',
    });
  return edits;
}

export function samplingOf(settings: GenerationSettings): SamplingOptions {
  const { temperature, topP, repetitionPenalty, maxTokens, seed } = settings;
  return { temperature, topP, repetitionPenalty, maxTokens, seed, stop: settings.stop ?? [] };
}
