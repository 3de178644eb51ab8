import { LexiscopeError, siteKinds } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import { withTask, type NativeForwardOutput } from "@lexiscope/native";
import { compileEdits, refuseUnreachable } from "./compile-edits.ts";
import { prepareEdits } from "./prepare-edits.ts";
import type { AnyEdit, EditOptions, SteeringContext } from "./types.ts";

export interface ForwardTextOptions extends EditOptions {
  text: string;
  /** Special tokens written in the text are read as plain text. */
  literal?: boolean | undefined;
  /** Most likely next tokens given at every position. */
  top?: number | undefined;
  /** Also the norm of the residual stream after every block. */
  norms?: boolean | undefined;
  edits?: readonly AnyEdit[] | undefined;
}

export interface ForwardToken {
  id: number;
  text: string;
  position: number;
  /** The most likely tokens to follow this one; logprob in nats. */
  top: { id: number; text: string; logprob: number }[];
  /** ‖x‖ by site; present when asked for. */
  norms?: Record<string, number>;
}

export interface ForwardTextResult {
  tokens: ForwardToken[];
  /** Mean −log p in nats of every token but the first, given those before it; null for a single token. */
  nll: number | null;
  warnings: string[];
}

/** Most next tokens that a position can be asked for. */
const maxTop = 1000;

/** One pass over a text. Refuses an empty text, and one longer than the model's context. */
export async function forwardText(context: SteeringContext, options: ForwardTextOptions): Promise<ForwardTextResult> {
  const { model } = context;
  const { top = 5, edits = [], signal } = options;
  if (!Number.isInteger(top) || top < 0 || top > Math.min(maxTop, model.native.vocabulary)) {
    throw new LexiscopeError("invalid_input", `top must be a whole number from 0 to ${Math.min(maxTop, model.native.vocabulary)}`, {
      field: "top",
    });
  }
  const ids = encodeText(model, options.text, options.literal === true);
  const { variants, warnings } = await prepareEdits(context, [edits], options);
  const prepared = variants[0] ?? [];
  if (prepared.some(({ edit: { positions } }) => typeof positions === "object" && "roles" in positions)) {
    throw new LexiscopeError("invalid_input", "an edit names messages by their role, and a text has none", {
      field: "positions",
      hint: "use all or a span of positions",
    });
  }
  refuseUnreachable(prepared, ids, ids.length, model.tokenizer.specialIds);
  const compiled = compileEdits([{ edits: prepared, start: 0, tokens: ids, promptTokens: ids.length }], model.tokenizer.specialIds);
  const sites = options.norms ? Array.from({ length: model.architecture.layers }, (_, layer) => `blocks.${layer}.${siteKinds[2]}`) : [];
  const output = await withTask(signal, (task) =>
    model.native.forward(
      {
        tokens: Int32Array.from(ids),
        lengths: Int32Array.of(ids.length),
        taps: sites.map((site) => ({ site, values: "none" })),
        edits: compiled.edits,
        logits: "nll",
        top,
      },
      task,
    ),
  );
  const losses = output.nll?.subarray(0, ids.length - 1) ?? new Float32Array(0);
  if (!output.logSumExp?.every(Number.isFinite)) {
    throw new LexiscopeError("invalid_input", "the model's logits are no longer finite numbers", {
      hint:
        prepared.length > 0
          ? "the edit is too strong; try a smaller value"
          : "the model's weights may be damaged; fetch or convert it again",
    });
  }
  return {
    tokens: ids.map((id, position) => ({
      id,
      text: model.tokenizer.tokenText(id),
      position,
      top: topAt(model, output, position, top),
      ...(options.norms
        ? { norms: Object.fromEntries(sites.map((site, s) => [site, output.taps[s]?.norms[position] ?? Number.NaN])) }
        : {}),
    })),
    nll: losses.length === 0 ? null : losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    warnings,
  };
}

function encodeText(model: Model, text: string, literal: boolean): number[] {
  const ids = model.tokenizer.encode(text, { literal });
  if (ids.length === 0) throw new LexiscopeError("invalid_input", "the text is empty", { field: "text", hint: "give at least one token" });
  const { context } = model.architecture;
  if (ids.length > context)
    throw new LexiscopeError("invalid_input", `the text has ${ids.length} tokens; the model's context holds ${context}`, {
      field: "text",
      hint: "shorten the text or pass it in pieces",
    });
  return ids;
}

function topAt(model: Model, output: NativeForwardOutput, position: number, top: number): ForwardToken["top"] {
  return Array.from({ length: top }, (_, rank) => {
    const id = output.topIds?.[position * top + rank] ?? -1;
    return {
      id,
      text: id < model.tokenizer.size ? model.tokenizer.tokenText(id) : `[row ${id}, no token]`,
      logprob: output.topLogprobs?.[position * top + rank] ?? Number.NaN,
    };
  });
}
