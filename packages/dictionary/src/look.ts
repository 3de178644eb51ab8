import type { TrainConfig } from "@lexiscope/contract";
import type { ActivationStore, StoredContext } from "@lexiscope/activations";
import type { Model } from "@lexiscope/model";
import type { NativeTrainer } from "@lexiscope/native";
import { reconstructionMetrics, type HeldOutSample } from "./held-out.ts";
import { shapeOf } from "./architectures/index.ts";
import { nativeDictionary } from "./native-dictionary.ts";
import { lossContexts, patchedLoss, type Patch } from "./patched-loss.ts";

/** What a look while training says about held-out documents. */
export interface Look {
  heldOutFvu: number;
  heldOutL0: number;
  /** Nats, on few tokens: a trend, not the number of the finished dictionary. */
  heldOutDeltaCe?: number;
}

export interface LookInput {
  trainer: NativeTrainer;
  store: ActivationStore;
  config: TrainConfig;
  site: string;
  heldOut: HeldOutSample;
  model: Model | undefined;
  /** Held-out tokens for the final ΔCE; 0 = a look takes none either. */
  ceTokens: number;
  signal: AbortSignal | undefined;
}

/** Looks in a run, spread evenly. */
const looks = 20;
/** Rows of a look. */
const lookRows = 8192;
/** Tokens of a look's ΔCE. */
const lookTokens = 1024;

/** Whether a step ends in a look, and whether that look takes ΔCE: at a quarter, half and three quarters of the run. */
export function lookAfter(step: number, steps: number): { look: boolean; loss: boolean } {
  const loss = step < steps && [1, 2, 3].some((quarter) => step === Math.round((quarter * steps) / 4));
  return { look: loss || step === steps || step % Math.max(1, Math.floor(steps / looks)) === 0, loss };
}

/** Returns a function that looks at the dictionary as it stands; it reads the trainer and changes nothing in it. */
export function createLook(input: LookInput): (withLoss: boolean) => Promise<Look> {
  const { trainer, store, config, site, heldOut, model, ceTokens, signal } = input;
  let clean: { contexts: StoredContext[]; ce: number } | undefined;
  return async (withLoss) => {
    const dictionary = await nativeDictionary(trainer.weights(), shapeOf(config, heldOut.d), signal);
    const { fvu, l0 } = await reconstructionMetrics(dictionary, heldOut, signal, lookRows);
    const look = { heldOutFvu: fvu, heldOutL0: l0 };
    if (!withLoss || !model || ceTokens <= 0) return look;
    const contexts = clean?.contexts ?? (await lossContexts(store, Math.min(lookTokens, ceTokens)));
    const loss = async (patch: Patch): Promise<number> => (await patchedLoss({ model, store, site, contexts, patch, signal })).ce;
    clean ??= { contexts, ce: await loss({ kind: "none" }) };
    return { ...look, heldOutDeltaCe: (await loss({ kind: "reconstruction", dictionary })) - clean.ce };
  };
}
