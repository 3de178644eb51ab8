import { stat } from "node:fs/promises";
import { join } from "node:path";
import { LexiscopeError, resolveRef, sha256File, type WorkOptions } from "@lexiscope/core";
import { activationOf, dictionaryManifestSchema, readManifest, type DictionaryManifest } from "@lexiscope/contract";
import type { Model } from "@lexiscope/model";
import { compareModels } from "./compare-models.ts";
import { nativeDictionary } from "./native-dictionary.ts";
import { isSaeLensFolder } from "./saelens-foreign.ts";
import { configFile, readSaeLens } from "./saelens.ts";
import type { Dictionary } from "./types.ts";

export interface OpenDictionaryOptions extends WorkOptions {
  /** The model it will be used with: one that it was not made for is an error, other weights of the same model a warning. */
  model?: Model | undefined;
  /** The site it will be used at. */
  site?: string | undefined;
}

/** Opens a dictionary by path or name: hashes, shapes, model and site are checked. */
export async function openDictionary(ref: string, options: OpenDictionaryOptions = {}): Promise<Dictionary> {
  const path = resolveRef("dictionaries", ref);
  const manifest = await readManifest(join(path, "manifest.json"), dictionaryManifestSchema).catch(async (error: unknown) => {
    throw error instanceof LexiscopeError && error.code === "not_found" ? await missing(path, error) : error;
  });
  const warnings = options.model ? compareModels(path, manifest.model, await options.model.identity(options.signal)) : [];
  if (options.site !== undefined && options.site !== manifest.site) {
    throw new LexiscopeError("mismatch", `${path} was trained at ${manifest.site}, not at ${options.site}`, {
      file: path,
      field: "site",
      hint: `use it at ${manifest.site}, or train one for ${options.site}`,
    });
  }
  return loadDictionary(path, manifest, warnings, options.signal);
}

/** Reads and checks the weights beside a manifest that was read already (an atlas holds its dictionary's). */
export async function loadDictionary(
  path: string,
  manifest: DictionaryManifest,
  warnings: readonly string[] = [],
  signal?: AbortSignal,
): Promise<Dictionary> {
  for (const { file, bytes, sha256 } of manifest.files) {
    const name = join(path, file);
    const size = (await stat(name).catch(() => undefined))?.size;
    if (size !== bytes) throw damaged(name, size === undefined ? "is missing" : `has ${size} bytes; the manifest says ${bytes}`);
    const found = await sha256File(name, signal);
    if (found !== sha256) throw damaged(name, `has the SHA-256 ${found}; the manifest says ${sha256}`);
  }
  const { weights, d, features, activation, applyBDecToInput, site } = await readSaeLens(path);
  const made = activationOf(manifest);
  const differing = (
    [
      ["d_in", d, manifest.d],
      ["d_sae", features, manifest.features],
      ["architecture", activation.kind, made.kind],
      ["k", activation.kind === "topk" ? activation.k : null, made.k],
      ["metadata.hook_name", site, manifest.site],
    ] as const
  ).find(([, found, expected]) => found !== expected);
  if (differing)
    throw new LexiscopeError(
      "bad_file",
      `${join(path, configFile)}: ${differing[0]} is ${differing[1]}; the manifest says ${differing[2]}`,
      { file: join(path, configFile), field: differing[0] },
    );
  const native = await nativeDictionary(weights, { d, features, activation, applyBDecToInput }, signal);
  return {
    path,
    manifest,
    native,
    warnings,
    decoder: weights.decoder,
    direction: (feature) => {
      if (!Number.isInteger(feature) || feature < 0 || feature >= features) {
        throw new LexiscopeError("invalid_input", `there is no feature ${feature}: ${path} has features 0 to ${features - 1}`, {
          field: "feature",
        });
      }
      return weights.decoder.slice(feature * d, (feature + 1) * d);
    },
  };
}

async function missing(path: string, cause: LexiscopeError): Promise<LexiscopeError> {
  const started = await stat(join(path, "training.json")).catch(() => undefined);
  if (await isSaeLensFolder(path))
    return new LexiscopeError("not_found", `${path} is a dictionary of SAELens that is not taken in yet`, {
      file: path,
      hint: `take it in: lexiscope import ${path}`,
      cause,
    });
  return started
    ? new LexiscopeError("not_found", `${path} is an unfinished training run`, {
        file: path,
        hint: "run the same training again; it goes on from its last checkpoint",
        cause,
      })
    : new LexiscopeError("not_found", `${path} is no dictionary`, {
        file: path,
        hint: "make one with `lexiscope train`; `lexiscope list` shows what there is",
        cause,
      });
}

function damaged(file: string, what: string): LexiscopeError {
  return new LexiscopeError("bad_file", `${file} ${what}`, { file, hint: "the dictionary is damaged: copy it again, or train it again" });
}
