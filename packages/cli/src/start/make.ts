import { type ActivationStore, harvest, openText } from "@lexiscope/activations";
import { type Atlas, buildAtlas, openAtlas } from "@lexiscope/atlas";
import { LexiscopeError, isLexiscopeError, resolveRef } from "@lexiscope/core";
import { type Dictionary, train, trainConfig } from "@lexiscope/dictionary";
import type { Model } from "@lexiscope/model";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CommandContext } from "../context.ts";
import { weighted } from "../text-option.ts";
import type { PhaseClock } from "./phases.ts";
import { type StartPlan, siteOf } from "./plan.ts";

export interface Made {
  store: ActivationStore;
  dictionary: Dictionary;
  atlas: Atlas;
}

/** Makes what is missing of store, dictionary and atlas. What was finished for the same request is opened, for another refused. */
export async function makeAll(context: CommandContext, plan: StartPlan, model: Model, clock: PhaseClock): Promise<Made> {
  const { out, signal, offline } = context;
  const site = siteOf(plan, model);
  const store = await clock.run("harvest", async () => {
    const sources = await out.progress(openText({ text: plan.text.map(weighted), chatTemplate: model.chatTemplate, offline, signal }));
    const { name, tokens, context } = plan;
    return out.progress(harvest({ model, sources, sites: [site], out: name, tokens, context, signal })).catch(underThisName(name));
  });
  const dictionary = await clock.run("train", async () => {
    const trainRows = store.manifest.rows - store.manifest.heldOut.rows;
    const config = trainConfig("short", { features: plan.features, k: plan.k, steps: plan.steps }, { d: model.architecture.d, trainRows });
    return out.progress(train({ store, out: plan.name, config, model, signal })).catch(underThisName(plan.name));
  });
  const atlas = await clock.run("index", async () => {
    if (existsSync(join(resolveRef("atlases", plan.name), "manifest.json"))) {
      const atlas = await openAtlas(resolveRef("atlases", plan.name));
      if (atlas.manifest.dictionary.files.every((file, i) => file.sha256 === dictionary.manifest.files[i]?.sha256)) return atlas;
      atlas.close();
    }
    return out.progress(buildAtlas({ store, dictionary, model, out: plan.name, replace: true, signal }));
  });
  return { store, dictionary, atlas };
}

/** Another request under the name of an earlier one is refused by `harvest` and `train`; here the way on is another. */
function underThisName(name: string): (error: unknown) => never {
  return (error) => {
    if (!isLexiscopeError(error) || error.code !== "mismatch") throw error;
    throw new LexiscopeError("mismatch", error.message, {
      ...(error.file === undefined ? {} : { file: error.file }),
      ...(error.field === undefined ? {} : { field: error.field }),
      cause: error,
      hint: `choose another name with --name, or remove what is there: lexiscope remove ${name}`,
    });
  };
}
