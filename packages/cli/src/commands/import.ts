import { openStore } from "@lexiscope/activations";
import type { ImportDictionaryResult } from "@lexiscope/contract";
import { importDictionary } from "@lexiscope/dictionary";
import { basename, resolve } from "node:path";
import { choose } from "../choose.ts";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { percent } from "../look/feature-view.ts";
import { defaultModel, openModelFor } from "../look/session.ts";
import { formatCount } from "../text.ts";

export function importCommand(): AnyCommand {
  return createCommand("import", "Take in a dictionary that SAELens saved: a folder with cfg.json and sae_weights.safetensors.", [
    ["beside the only store", "lexiscope import downloads/their-sae"],
    ["under a name, on a store of its site", "lexiscope import downloads/their-sae --store theirs --dictionary theirs --model org/name"],
  ])
    .argument("<folder>", "folder that SAELens saved")
    .option("--store <name>", "activations at its site, on which its numbers are taken (default: the only store)")
    .option("--site <site>", "where it reads, when its cfg.json does not say")
    .option("--dictionary <name>", "name on the shelf of dictionaries, or a folder (default: the folder's name)")
    .option("--model <ref>", "the store's model, for ΔCE", defaultModel)
    .option("--no-loss", "leave ΔCE out: the model is not opened")
    .action((folder, options) =>
      runCommand(options, async (context) => {
        const { out, signal, onStop } = context;
        onStop("nothing was left behind; run the same command again");
        const ref = await choose("stores", options.store);
        const store = await openStore(ref);
        const name = options.dictionary ?? basename(resolve(folder));
        const model = options.loss ? await openModelFor(context, options.model, "fast") : undefined;
        const dictionary = await out.progress(importDictionary({ folder, store, out: name, site: options.site, model, signal }));
        const { manifest } = dictionary;
        const { metrics, dead, imported } = manifest;
        const made = imported?.model ?? null;
        const result: ImportDictionaryResult = { path: dictionary.path, site: manifest.site, features: manifest.features, metrics, dead };
        out.print(
          `${formatCount(manifest.features)} features (${imported?.architecture ?? ""}) at ${manifest.site}` +
            `${imported && imported.folded.length > 0 ? `; folded in: ${imported.folded.join(", ")}` : ""}\n` +
            `On ${formatCount(metrics.tokens)} held-out tokens: FVU ${metrics.fvu.toFixed(3)}, L0 ${metrics.l0.toFixed(1)}` +
            `${metrics.deltaCe === null ? "" : `, ΔCE ${metrics.deltaCe.toFixed(3)} nats`}, ` +
            `${percent(dead.count / manifest.features)} of the features silent`,
        );
        if (made !== null && made !== manifest.model.name)
          out.note(`its cfg.json says that it was made for ${made}; the store is of ${manifest.model.name}`);
        if (metrics.fvu > 1)
          out.note("its reconstruction is worse than the mean: it was made for another model, site or scale of activations");
        out.print(`\nDictionary: ${dictionary.path}\nNext: lexiscope index --dictionary ${name} --store ${ref}`);
        out.result(result);
      }),
    );
}
