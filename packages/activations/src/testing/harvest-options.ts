import type { Model } from "@lexiscope/model";
import type { HarvestOptions } from "../harvest.ts";
import { memorySource } from "./memory-source.ts";
import { tinyTexts } from "./tiny-model.ts";

/** A harvest of 30,000 tokens at two sites in eight shards. */
export function harvestForTests(model: Model, out: string): HarvestOptions {
  return {
    model,
    sources: [memorySource("tiny", tinyTexts(120))],
    sites: ["blocks.0.hook_resid_post", "blocks.1.hook_mlp_out"],
    out,
    tokens: 30_000,
    context: 64,
    seed: 5,
    contextsPerShard: 64,
  };
}
