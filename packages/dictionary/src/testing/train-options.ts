import type { ActivationStore } from "@lexiscope/activations";
import type { Model } from "@lexiscope/model";
import { trainConfig } from "../config.ts";
import type { TrainOptions } from "../train.ts";

/** A run of 80 steps: 128 features on a tiny model's store. */
export function trainForTests(store: ActivationStore, model: Model | undefined, out: string): TrainOptions {
  const config = trainConfig(
    "short",
    { features: 128, k: 8, batch: 256, steps: 80, checkpointEverySteps: 25, poolRows: 4000, seed: 3, deadAfter: 2000 },
    { d: 32, trainRows: store.manifest.rows },
  );
  return { store, site: "blocks.0.hook_resid_post", out, config, model, evaluation: { rows: 4000, ceTokens: 1000 } };
}
