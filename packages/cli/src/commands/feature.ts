import type { Atlas, FeatureRecord } from "@lexiscope/atlas";
import type { FeatureResult } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { parseFeatureRef } from "../look/choose-atlas.ts";
import { featureView } from "../look/feature-view.ts";
import { modelRef, openTokenizerFor, withAtlas } from "../look/session.ts";
import { count } from "../options.ts";

export function featureCommand(): AnyCommand {
  return createCommand("feature", "Read a feature: examples, histogram, output tokens, neighbours.", [
    ["feature 1234 of the only atlas", "lexiscope feature 1234"],
    ["of a named one, with more examples", "lexiscope feature smollm2-l15/1234 --examples 20 --per-interval 3"],
    ["with whole contexts, as JSON", "lexiscope feature 1234 --json"],
  ])
    .argument("<feature>", "ATLAS/N, or N")
    .option("--atlas <name>", "atlas on the shelf, or its folder (default: the only one)")
    .option("--model <ref>", "model whose tokenizer shows the text (default: the one that the atlas names)")
    .option("--examples <n>", "strongest examples shown", count("--examples", { min: 0, max: 1000 }), 10)
    .option("--per-interval <n>", "examples shown of every interval of activation", count("--per-interval", { min: 0, max: 1000 }), 2)
    .option("--before <n>", "tokens shown before the peak", count("--before", { min: 0 }), 16)
    .option("--after <n>", "tokens shown after the peak", count("--after", { min: 0 }), 8)
    .action((ref, options) =>
      runCommand(options, async (context) => {
        const { atlas: atlasRef, index } = parseFeatureRef(ref, options.atlas);
        await withAtlas(atlasRef, async (atlas, name) => {
          const { features } = atlas.manifest.dictionary;
          if (index >= features)
            throw new LexiscopeError("invalid_input", `${name} has features 0 to ${features - 1}; there is no ${index}`, {
              field: "feature",
              hint: "`lexiscope search WORD` finds features",
            });
          const record = await atlas.feature(index);
          const tokenizer = await openTokenizerFor(context, modelRef(options.model, atlas));
          const result = featureResult(atlas, name, record, (id) => (id < tokenizer.size ? tokenizer.tokenText(id) : `[${id}]`));
          if (!context.json)
            context.out.print(
              featureView(result, {
                colors: context.colors,
                intervals: atlas.manifest.index.intervals,
                strongest: options.examples,
                perInterval: options.perInterval,
                before: options.before,
                after: options.after,
              }),
            );
          context.out.result(result);
        });
      }),
    );
}

function featureResult(atlas: Atlas, name: string, record: FeatureRecord, tokenText: (id: number) => string): FeatureResult {
  const related = new Map(
    atlas
      .summaries([...record.neighbours, ...record.coactive].map(({ index }) => index))
      .map((summary) => [summary.index, summary.topToken]),
  );
  const topTokenOf = (index: number): string => related.get(index) ?? "";
  const { index, density, fired, maximum, mean, topToken, histogram, tokens, top, bottom } = record;
  return {
    atlas: name,
    site: atlas.manifest.dictionary.site,
    index,
    density,
    fired,
    maximum,
    mean,
    topToken,
    histogram,
    tokens,
    top,
    bottom,
    neighbours: record.neighbours.map((neighbour) => ({ ...neighbour, topToken: topTokenOf(neighbour.index) })),
    coactive: record.coactive.map((other) => ({ ...other, topToken: topTokenOf(other.index) })),
    examples: record.examples.map(({ tokens: ids, activations, interval, peak, document, start, repeat }) => ({
      interval,
      peak,
      document,
      start,
      repeat,
      tokens: Array.from(ids, (id, position) => ({ id, text: tokenText(id), activation: activations[position] ?? 0 })),
    })),
  };
}
