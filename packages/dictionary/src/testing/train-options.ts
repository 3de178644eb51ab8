import type { ActivationStore } from "@lexiscope/activations";
import type { Model } from "@lexiscope/model";
import { trainConfig, type TrainSettings } from "../config.ts";
import type { TrainOptions } from "../train.ts";

/** A run of 80 steps: 128 features on a tiny model's store. */
export function trainForTests(store: ActivationStore, model: Model | undefined, out: string, own: TrainSettings = { k: 8 }): TrainOptions {
  const config = trainConfig(
    "short",
    { ...own, features: 128, batch: 256, steps: 80, checkpointEverySteps: 25, poolRows: 4000, seed: 3, deadAfter: 2000 },
    { d: 32, trainRows: store.manifest.rows },
  );
  return { store, site: "blocks.0.hook_resid_post", out, config, model, evaluation: { rows: 4000, ceTokens: 1000 } };
}

/** The same run by Scaling Monosemanticity's recipe: dense at first, then sparse. */
export const reluForTests: TrainSettings = { recipe: "scaling-monosemanticity", learningRate: 8e-3 };
