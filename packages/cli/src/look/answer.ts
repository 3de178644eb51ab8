import type { GenerationResult } from "@lexiscope/contract";
import { type Edit, formatEdit, generate, type GenerateOptions, type GenerationEvent, type SteeringContext } from "@lexiscope/steering";
import type { CommandContext } from "../context.ts";
import { createAnswerBlocks } from "./answer-blocks.ts";
import { type GenerationSettings, samplingOf } from "./generation-options.ts";

export interface AnswerOptions {
  prompt: GenerateOptions["prompt"];
  settings: GenerationSettings;
  edits: Edit[];
  atlasName: string | undefined;
  signal: AbortSignal;
  /** Told the answer so far of the last variant, for an answer that is stopped. */
  onText?: (text: string) => void;
}

/** Generates and shows what comes; the result is what `--json` prints last. */
export async function answer(context: CommandContext, steering: SteeringContext, options: AnswerOptions): Promise<GenerationResult> {
  const { out, colors, json } = context;
  const { settings, edits } = options;
  const variants = settings.beside ? [[], edits] : [edits];
  const labels = variants.map((list) => colors.bold(list.length === 0 ? "plain" : list.map(formatEdit).join(" ")));
  const blocks = createAnswerBlocks(labels, (text) => out.write(text));
  const result: GenerationResult = {
    model: steering.model.name,
    cpuPath: steering.model.cpuPath,
    atlas: edits.length > 0 ? (options.atlasName ?? null) : null,
    promptTokens: 0,
    dropped: 0,
    variants: variants.map((list) => ({ edits: list, text: "", tokens: 0, reason: "length" })),
    warnings: [],
  };
  const note = (text: string): void => {
    if (!json) out.note(colors.dim(text));
  };
  const take = (event: GenerationEvent): void => {
    out.event(event);
    if (event.type === "start") {
      Object.assign(result, { promptTokens: event.promptTokens, dropped: event.dropped });
      if (event.dropped > 0) note(`The context is full: the ${event.dropped} oldest messages were left out.`);
    }
    blocks.show(event);
    if (event.type === "warning") {
      result.warnings.push(event.message);
      note(`warning: ${event.message}`);
    }
    const variant = event.type === "token" || event.type === "end" ? result.variants[event.variant] : undefined;
    if (variant && event.type === "token") {
      variant.text += event.text;
      variant.tokens++;
      if (event.variant === variants.length - 1) options.onText?.(variant.text);
    }
    if (variant && event.type === "end") variant.reason = event.reason;
  };
  const events = generate(steering, {
    ...samplingOf(settings),
    prompt: options.prompt,
    variants,
    editEverywhere: settings.everywhere,
    allowOtherModel: settings.otherModel,
    signal: options.signal,
  });
  try {
    for await (const event of events) take(event);
  } finally {
    blocks.finish();
  }
  if (result.variants.some(({ reason }) => reason === "length"))
    note(`(ended after ${settings.maxTokens} tokens; --max-tokens asks for more)`);
  if (result.variants.some(({ reason }) => reason === "context"))
    note(`(ended because the model's context of ${steering.model.architecture.context} tokens is full)`);
  return result;
}
