import { type ActivationStore, harvest, openStore, openText } from "@lexiscope/activations";
import { type Atlas, buildAtlas, openAtlas } from "@lexiscope/atlas";
import { LexiscopeError, resolveRef } from "@lexiscope/core";
import { type Dictionary, openDictionary, train, trainConfig } from "@lexiscope/dictionary";
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

/** Makes what is missing of store, dictionary and atlas; what lies there finished is opened and checked, not made again. */
export async function makeAll(context: CommandContext, plan: StartPlan, model: Model, clock: PhaseClock): Promise<Made> {
  const { out, signal, offline } = context;
  const site = siteOf(plan, model);
  const store = await clock.run("harvest", async () => {
    if (finished("stores", plan.name)) return checkStore(await openStore(plan.name), plan, site);
    const sources = await out.progress(openText({ text: plan.text.map(weighted), chatTemplate: model.chatTemplate, offline, signal }));
    return out.progress(harvest({ model, sources, sites: [site], out: plan.name, tokens: plan.tokens, context: plan.context, signal }));
  });
  const dictionary = await clock.run("train", async () => {
    const trainRows = store.manifest.rows - store.manifest.heldOut.rows;
    const config = trainConfig("short", { features: plan.features, k: plan.k, steps: plan.steps }, { d: model.architecture.d, trainRows });
    if (finished("dictionaries", plan.name)) return checkDictionary(await openDictionary(plan.name, { model, site, signal }), plan, store);
    return out.progress(train({ store, out: plan.name, config, model, signal }));
  });
  const atlas = await clock.run("index", async () => {
    if (finished("atlases", plan.name)) {
      const atlas = await openAtlas(resolveRef("atlases", plan.name));
      if (atlas.manifest.dictionary.files.every((file, i) => file.sha256 === dictionary.manifest.files[i]?.sha256)) return atlas;
      atlas.close();
    }
    return out.progress(buildAtlas({ store, dictionary, model, out: plan.name, replace: true, signal }));
  });
  return { store, dictionary, atlas };
}

function finished(shelf: "stores" | "dictionaries" | "atlases", name: string): boolean {
  return existsSync(join(resolveRef(shelf, name), "manifest.json"));
}

function checkStore(store: ActivationStore, plan: StartPlan, site: string): ActivationStore {
  const { manifest, path } = store;
  if (!manifest.sites.some(({ name }) => name === site))
    throw differs(path, plan, `it was harvested at ${manifest.sites.map(({ name }) => name).join(", ")}, not at ${site}`);
  if (manifest.context !== plan.context || manifest.tokens > plan.tokens)
    throw differs(path, plan, `it has ${manifest.tokens} tokens in contexts of ${manifest.context}`);
  return store;
}

function checkDictionary(dictionary: Dictionary, plan: StartPlan, store: ActivationStore): Dictionary {
  const { manifest, path } = dictionary;
  if (manifest.features !== plan.features || manifest.config.k !== plan.k)
    throw differs(path, plan, `it has ${manifest.features} features and k ${manifest.config.k}`);
  if (manifest.store.planHash !== store.manifest.planHash) throw differs(path, plan, "it was trained on another store");
  return dictionary;
}

function differs(path: string, plan: StartPlan, why: string): LexiscopeError {
  return new LexiscopeError("mismatch", `${path} is there already and is another one: ${why}`, {
    file: path,
    hint: `choose another name with --name, or remove it: lexiscope remove ${plan.name}`,
  });
}
