import type { DictionaryManifest, Imported } from "./manifests.ts";

/** What a dictionary does with its pre-activations; k only where the k largest are kept, l1 (λ) where a penalty was learned with. */
export interface Activation {
  kind: Imported["activation"];
  k: number | null;
  l1?: number;
}

/** {@link Activation} of a manifest. This file holds no schema, for the page. */
export function activationOf({ config, imported }: Pick<DictionaryManifest, "config" | "imported">): Activation {
  if (config?.architecture === "relu") return { kind: "relu", k: null, l1: config.l1 };
  if (config) return { kind: config.architecture, k: config.k };
  return { kind: imported?.activation ?? "topk", k: imported?.k ?? null };
}

/** What keeps a dictionary sparse, in two words: `k 32` of TopK, `λ 5` of a ReLU with a penalty, the activation's name of others. */
export function sparsityText({ kind, k, l1 }: { kind?: string; k?: number | null | undefined; l1?: number | null | undefined }): string {
  return typeof k === "number" ? `k ${k}` : typeof l1 === "number" ? `λ ${l1}` : (kind ?? "no fixed k");
}
