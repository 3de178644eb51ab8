import { LexiscopeError } from "@lexiscope/core";
import { builtInModel, builtInPath, type Model, openModel } from "@lexiscope/model";
import { loadAddon, type NativeCpu } from "@lexiscope/native";
import { type AnyEdit, type EditSource, generate } from "@lexiscope/steering";

const sentence = "The history of the lighthouse begins with fires built on hilltops to guide ships home at night. ";

export interface BenchModel extends Model {
  file: string;
  cpu: NativeCpu;
}

/** The built-in model without its stop tokens, so that answers have a known length. */
export async function openBuiltIn(): Promise<BenchModel> {
  const model = await openModel(builtInModel.name, { dtype: "fast", offline: true });
  return { ...model, stopTokens: [], file: builtInPath(), cpu: loadAddon().cpu() };
}

export function promptIds(model: Model, tokens: number): number[] {
  return model.tokenizer.encode(sentence.repeat(Math.ceil(tokens / 10))).slice(0, tokens);
}

export interface Decoded {
  /** Of the steps behind the first token. */
  seconds: number;
  /** The first variant's. */
  ids: number[];
}

/** A greedy answer of `tokens` tokens, in this process. */
export async function decodeRounds(
  model: Model,
  prompt: readonly number[],
  tokens: number,
  { variants = [[]], atlas }: { variants?: AnyEdit[][]; atlas?: EditSource } = {},
): Promise<Decoded> {
  const ids: number[] = [];
  let [first, last] = [0, 0];
  const options = { prompt: { ids: [...prompt], dropped: 0 }, variants, maxTokens: tokens };
  for await (const event of generate({ model, atlas }, options)) {
    if (event.type !== "token" || event.variant !== 0) continue;
    last = performance.now();
    if (ids.push(event.id) === 1) first = last;
  }
  if (ids.length !== tokens) throw new LexiscopeError("internal", `${ids.length} tokens came of ${tokens}`);
  return { seconds: (last - first) / 1000, ids };
}
