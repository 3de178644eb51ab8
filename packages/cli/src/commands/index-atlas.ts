import { type Atlas, buildAtlas, chooseReadable, readableRule } from "@lexiscope/atlas";
import { openStore } from "@lexiscope/activations";
import type { IndexResult } from "@lexiscope/contract";
import { formatBytes, resolveRef } from "@lexiscope/core";
import { openDictionary } from "@lexiscope/dictionary";
import { diskUse } from "@lexiscope/shelves";
import { basename } from "node:path";
import { choose } from "../choose.ts";
import type { Colors } from "../colors.ts";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { percent, quoted } from "../look/feature-view.ts";
import { defaultModel, openModelFor } from "../look/session.ts";
import { count } from "../options.ts";
import { formatCount, formatTable } from "../text.ts";

export function indexCommand(): AnyCommand {
  return createCommand("index", "Make an atlas of a dictionary: examples, statistics, output effects and neighbours of every feature.", [
    ["of the only dictionary and store", "lexiscope index"],
    ["under a name, with more examples", "lexiscope index --dictionary wide --store first --atlas wide --examples 40"],
  ])
    .option("--dictionary <name>", "dictionary on the shelf, or a folder (default: the only one)")
    .option("--store <name>", "store whose text is read, or a folder (default: the only one)")
    .option("--atlas <name>", "name on the shelf of atlases, or a folder (default: the dictionary's)")
    .option("--model <ref>", "the dictionary's model", defaultModel)
    .option("--examples <n>", "strongest examples kept of a feature", count("--examples", { max: 1000 }), 20)
    .option("--per-interval <n>", "examples kept of every interval of activation", count("--per-interval", { min: 0, max: 1000 }), 3)
    .option("--seed <n>", "seed of the interval samples", count("--seed", { min: 0 }), 0)
    .option("--replace", "put it in the place of an atlas of that name")
    .action((options) =>
      runCommand(options, async (context) => {
        const { out, colors, signal, onStop } = context;
        onStop("nothing was left behind; run the same command again");
        const started = performance.now();
        const ref = await choose("dictionaries", options.dictionary);
        const model = await openModelFor(context, options.model, "fast");
        const dictionary = await openDictionary(ref, { model, signal });
        const store = await openStore(await choose("stores", options.store));
        const name = options.atlas ?? basename(resolveRef("dictionaries", ref));
        const atlas = await out.progress(
          buildAtlas({
            store,
            dictionary,
            model,
            out: name,
            top: options.examples,
            perInterval: options.perInterval,
            seed: options.seed,
            replace: options.replace,
            signal,
          }),
        );
        try {
          const { features } = dictionary.manifest;
          const { alive, tokens } = atlas.manifest.index;
          const result: IndexResult = {
            path: atlas.path,
            features,
            alive,
            tokens,
            bytes: await diskUse(atlas.path),
            seconds: (performance.now() - started) / 1000,
          };
          out.print(
            `${formatCount(alive)} of ${formatCount(features)} features fired on ${formatCount(tokens)} tokens; ${formatBytes(result.bytes)} in ${result.path}\n`,
          );
          out.print(readableView(atlas, 12, colors));
          out.print(`\nNext: lexiscope feature ${name}/${chooseReadable(atlas, 1)[0]?.index ?? 0}`);
          out.result(result);
        } finally {
          atlas.close();
        }
      }),
    );
}

/** A dozen features that a person can read, and the rule that chose them. */
export function readableView(atlas: Atlas, n: number, colors: Colors): string {
  const rows = chooseReadable(atlas, n).map(({ index, word, density, maximum, consistency }) => [
    colors.bold(String(index)),
    quoted(word),
    percent(density),
    maximum.toFixed(1),
    percent(consistency),
  ]);
  if (rows.length === 0) return "No feature passes the rule of readability; more text or more training helps.";
  return `${formatTable([["feature", "word at the peak", "fires on", "maximum", "consistency"].map(colors.dim), ...rows], [0, 2, 3, 4])}\n${colors.dim(readableRule)}`;
}
