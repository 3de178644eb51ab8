import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { harvest, type ActivationStore, type TextSource } from "@lexiscope/activations";
import { tinyTexts, writeTinyModel } from "@lexiscope/activations/testing";
import { finish } from "@lexiscope/core";
import { train, trainConfig, type Dictionary } from "@lexiscope/dictionary";
import { openModel, type Model } from "@lexiscope/model";

/** What an atlas is made from, small and real: a random model, a store of its activations, a dictionary learned from it. */
export interface TinyChain {
  folder: string;
  model: Model;
  store: ActivationStore;
  dictionary: Dictionary;
}

export const tinySite = "blocks.1.hook_resid_post";

/** Runs the whole chain before the atlas, in about a second. The caller removes `folder`. */
export async function makeTinyChain(): Promise<TinyChain> {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-atlas-"));
  const model = await openModel(await writeTinyModel(join(folder, "model")), { dtype: "f32" });
  const source: TextSource = {
    name: "sentences",
    weight: 1,
    licence: undefined,
    async *documents() {
      for (const text of tinyTexts(60)) yield { text, source: "sentences" };
    },
  };
  const store = await finish(
    harvest({ model, sources: [source], sites: [tinySite], out: join(folder, "store"), tokens: 12_000, context: 64, contextsPerShard: 50 }),
  );
  const config = trainConfig(
    "short",
    { features: 96, k: 6, steps: 60, batch: 256 },
    { d: model.architecture.d, trainRows: store.manifest.rows },
  );
  const dictionary = await finish(train({ store, out: join(folder, "dictionary"), config }));
  return { folder, model, store, dictionary };
}
