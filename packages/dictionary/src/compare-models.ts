import { LexiscopeError } from "@lexiscope/core";
import type { ModelIdentity } from "@lexiscope/contract";

export interface CompareModelsOptions {
  /** Let a model of another name through when its shape agrees. Off by default. */
  allowOtherModel?: boolean | undefined;
}

/**
 * Whether what lies at `path`, made for one model, can be used with another. The same weights: no warning. Other weights
 * of the same model (a name that differs at most in capitals, punctuation and quantisation, and the same shape): a
 * warning. Another shape or another name: `mismatch`.
 */
export function compareModels(path: string, made: ModelIdentity, open: ModelIdentity, options: CompareModelsOptions = {}): string[] {
  if (made.weightsHash === open.weightsHash) return [];
  const sameShape = made.d === open.d && made.layers === open.layers && made.vocabulary === open.vocabulary;
  const sameName = plainName(made.name) === plainName(open.name);
  if (!sameShape || (!sameName && !options.allowOtherModel)) {
    throw new LexiscopeError("mismatch", `${path} was made for ${describe(made)}; the open model is ${describe(open)}`, {
      file: path,
      field: "model",
      hint: sameShape
        ? `open ${made.name}, or say that another model of the same shape will do (--other-model)`
        : `open ${made.name}, or use what was made for ${open.name}`,
    });
  }
  const what = sameName ? "other weights of the same model" : "another model of the same shape";
  const short = ({ name, weightsHash }: ModelIdentity): string => `${name} (weights ${weightsHash.slice(0, 12)})`;
  return [`${path} was made for ${short(made)}; open is ${short(open)}, ${what}: features may mean something else`];
}

function describe({ name, d, layers, vocabulary, weightsHash }: ModelIdentity): string {
  return `${name} (width ${d}, ${layers} blocks, vocabulary ${vocabulary}, weights ${weightsHash.slice(0, 12)})`;
}

/** `HuggingFaceTB/SmolLM2-135M-Instruct.Q8_0` and `smollm2-135m-instruct` are one model. */
function plainName(name: string): string {
  const last = name.split(/[/\\]/).findLast((part) => part !== "") ?? "";
  return last
    .toLowerCase()
    .replace(/\.gguf$/, "")
    .replace(/[-_.](?:f32|f16|bf16|fp16|fp32|i?q\d[a-z0-9_]*)$/, "")
    .replaceAll(/[^\p{L}\p{N}]/gu, "");
}
