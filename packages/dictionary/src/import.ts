import { rename, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { LexiscopeError, makeFolder, resolveRef, syncFolder, version, writeJsonAtomic, type Work, type WorkOptions } from "@lexiscope/core";
import type { DictionaryManifest } from "@lexiscope/contract";
import type { ActivationStore } from "@lexiscope/activations";
import type { Model } from "@lexiscope/model";
import { loadAddon } from "@lexiscope/native";
import { createScorer } from "./evaluation.ts";
import { describeFile, isFinished } from "./finish.ts";
import { firingCounts, loadHeldOut, requireHeldOut } from "./held-out.ts";
import { nativeDictionary } from "./native-dictionary.ts";
import type { SiteStatistics } from "./normalise.ts";
import { openDictionary } from "./open.ts";
import { readForeignSaeLens, type ForeignDictionary } from "./saelens-foreign.ts";
import { configFile, weightsFile, writeSaeLens } from "./saelens.ts";
import type { Dictionary } from "./types.ts";

export interface ImportOptions extends WorkOptions {
  /** A folder that SAELens saved. */
  folder: string;
  /** Activations at the dictionary's site: what its numbers are taken on, and where its norms come from. */
  store: ActivationStore;
  /** Name or folder of the new dictionary. */
  out: string;
  /** Where it reads; needed only when `cfg.json` does not say so. */
  site?: string | undefined;
  /** The store's model, for ΔCE. */
  model?: Model | undefined;
}

/** Held-out rows and tokens on which an imported dictionary is scored. */
const [heldOutRows, ceTokens] = [65_536, 4096];

/**
 * Takes in a dictionary that SAELens saved: read, folded to our form (raw units, unit decoder rows), scored on the store's
 * held-out documents, written as a dictionary folder with a manifest that says where it came from. Steps: read, evaluate.
 */
export async function* importDictionary(options: ImportOptions): Work<Dictionary> {
  const { folder, store, model, signal } = options;
  const path = resolveRef("dictionaries", options.out);
  if (await isFinished(path))
    throw new LexiscopeError("invalid_input", `${path} is a dictionary already`, { file: path, field: "out", hint: "choose another name" });
  requireHeldOut(store);
  yield { phase: "read", done: 0, total: 0, unit: "files", rate: 0, message: folder };
  const foreign = await readForeignSaeLens(folder);
  const statistics = siteFor(folder, foreign, store, options.site);
  const { weights, activation, config } = foreign;
  const native = await nativeDictionary(weights, { ...config, activation }, signal);
  const heldOut = await loadHeldOut(store, statistics.name, heldOutRows);
  const score = await createScorer({ store, statistics, model, heldOut, evaluation: { ceTokens }, signal });
  const metrics = yield* score("dictionary", native);
  const fired = await firingCounts(native, heldOut, signal);
  const dead = { count: fired.filter((count) => count === 0).length, windowTokens: heldOut.n };

  const { manifest: source } = store;
  const temporary = `${path}.importing-${process.pid}`;
  try {
    await makeFolder(temporary);
    await writeSaeLens(temporary, weights, {
      d: config.d,
      features: config.features,
      activation,
      applyBDecToInput: config.applyBDecToInput,
      modelName: source.model.name,
      site: statistics.name,
      context: source.context,
      own: {
        lexiscope_version: version,
        lexiscope_weights_hash: source.model.weightsHash,
        lexiscope_imported_from: {
          model: config.modelName ?? null,
          architecture: config.named.architecture,
          version: config.named.version ?? null,
        },
        lexiscope_median_norm: statistics.medianNorm,
        lexiscope_keep: source.keep,
        lexiscope_held_out: { fvu: metrics.fvu, l0: metrics.l0, delta_ce: metrics.deltaCe },
        l0: metrics.l0,
      },
    });
    const manifest: DictionaryManifest = {
      kind: "dictionary",
      formatVersion: 1,
      software: version,
      model: source.model,
      site: statistics.name,
      d: config.d,
      features: config.features,
      config: null,
      imported: {
        format: "saelens",
        folder: basename(resolve(folder)),
        architecture: config.named.architecture,
        activation: activation.kind,
        k: activation.kind === "topk" ? activation.k : null,
        model: config.modelName ?? null,
        version: config.named.version ?? null,
        folded: foreign.folded,
        files: [await describeFile(folder, configFile), await describeFile(folder, weightsFile)],
      },
      keep: source.keep,
      context: source.context,
      store: { planHash: source.planHash, tokens: source.tokens, rows: source.rows },
      text: source.text,
      cpuPath: loadAddon().cpu().path,
      medianNorm: statistics.medianNorm,
      tokensSeen: 0,
      seconds: 0,
      metrics,
      dead,
      baselines: { random: null, pca: null },
      files: [await describeFile(temporary, configFile), await describeFile(temporary, weightsFile)],
    };
    await writeJsonAtomic(join(temporary, "manifest.json"), manifest);
    await syncFolder(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  return openDictionary(path, { model, signal });
}

/** The store's site at which the dictionary reads. A block's input is the output of the block before it. */
function siteFor(folder: string, { config }: ForeignDictionary, store: ActivationStore, asked: string | undefined): SiteStatistics {
  const file = join(folder, configFile);
  const { sites } = store.manifest;
  const wanted = asked ?? config.site;
  if (wanted === undefined)
    throw new LexiscopeError("bad_file", `${file}: hook_name is missing, so it is not known where the dictionary reads`, {
      file,
      field: "hook_name",
      hint: "name the site with --site, such as --site blocks.8.hook_resid_post",
    });
  const same = sameStream(wanted);
  const site = sites.find(({ name }) => name === wanted) ?? sites.find(({ name }) => sameStream(name) === same);
  if (!site)
    throw new LexiscopeError("mismatch", `${folder} reads ${wanted}; ${store.path} holds ${sites.map(({ name }) => name).join(", ")}`, {
      file: store.path,
      field: "site",
      hint: `harvest the site of the dictionary: lexiscope harvest --site ${wanted}`,
    });
  if (site.d !== config.d)
    throw new LexiscopeError("mismatch", `${file}: d_in is ${config.d}; ${store.manifest.model.name} has ${site.d} at ${site.name}`, {
      file,
      field: "d_in",
      hint: config.modelName === undefined ? "choose a store of the dictionary's model" : `the dictionary was made for ${config.modelName}`,
    });
  return site;
}

function sameStream(site: string): string {
  const before = /^blocks\.(\d+)\.hook_resid_pre$/.exec(site)?.[1];
  return before === undefined || before === "0" ? site : `blocks.${Number(before) - 1}.hook_resid_post`;
}
