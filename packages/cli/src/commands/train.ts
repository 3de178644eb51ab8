import { openStore } from "@lexiscope/activations";
import type { TrainResult } from "@lexiscope/contract";
import { LexiscopeError, resolveRef } from "@lexiscope/core";
import { architectureOf, type Dictionary, presetNames, recipeNames, recommendedPreset, train, trainConfig } from "@lexiscope/dictionary";
import { basename } from "node:path";
import { choose } from "../choose.ts";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { numbersView } from "../look/numbers-view.ts";
import { defaultModel, openModelFor } from "../look/session.ts";
import { shortCount } from "../names.ts";
import { count, oneOf, real } from "../options.ts";

export function trainCommand(): AnyCommand {
  return createCommand("train", "Learn a dictionary from an activation store. The same command again goes on where it stopped.", [
    ["from the only store, with everything as recommended", "lexiscope train"],
    ["a small one in a minute", "lexiscope train --store first --preset short --dictionary small"],
    ["as Scaling Monosemanticity did it", "lexiscope train --recipe scaling-monosemanticity --dictionary sm"],
    ["of your own size", "lexiscope train --features 16384 --k 64 --tokens 20M --batch 4096 --dictionary wide"],
  ])
    .option("--store <name>", "store on the shelf, or a folder (default: the only one)")
    .option("--site <site>", "which of the store's sites, when it has several")
    .option("--dictionary <name>", "name on the shelf of dictionaries, or a folder (default: from store, width and k)")
    .option(
      "--recipe <name>",
      "topk (default), or scaling-monosemanticity: ReLU with an L1 penalty, exactly as published, unless --preset short",
      oneOf("--recipe", recipeNames),
    )
    .option(
      "--preset <name>",
      `${presetNames.join(" or ")}: short suits a run of a minute or two (default: by the size of the store)`,
      oneOf("--preset", presetNames),
    )
    .option("--features <n>", "width of the dictionary", count("--features", { max: 2 ** 24 }))
    .option("--k <n>", "features that may be active at a token (topk)", count("--k", { max: 4096 }))
    .option("--l1 <lambda>", "weight of the L1 penalty (scaling-monosemanticity)", real("--l1", { min: 0, max: 1e6 }))
    .option("--tokens <n>", "tokens to train on; rows of the store are used several times when it has fewer", count("--tokens"))
    .option("--steps <n>", "steps, instead of --tokens", count("--steps"))
    .option("--batch <n>", "tokens of a step", count("--batch", { max: 1 << 20 }))
    .option("--lr <rate>", "peak learning rate", real("--lr", { min: 1e-8, max: 1 }))
    .option("--warmup <steps>", "steps until the learning rate is reached", count("--warmup", { min: 0 }))
    .option("--decay <share>", "share of the steps over which the learning rate falls to 0 at the end", real("--decay", { min: 0, max: 1 }))
    .option("--normalise <how>", "rms scales activations to a mean square of 1, none leaves them", oneOf("--normalise", ["rms", "none"]))
    .option("--dead-after <tokens>", "tokens of silence after which a feature counts as dead", count("--dead-after"))
    .option("--aux <coefficient>", "weight of the loss that revives dead features (topk); 0 = off", real("--aux", { min: 0, max: 100 }))
    .option(
      "--screen <how>",
      "exact, or 8bit (topk): features are selected by 8-bit products, faster; the share of rows that got other features is counted and reported",
      oneOf("--screen", ["exact", "8bit"]),
    )
    .option("--seed <n>", "seed of weights and order", count("--seed", { min: 0 }))
    .option("--checkpoint-every <steps>", "steps between checkpoints", count("--checkpoint-every"))
    .option("--model <ref>", "the store's model, for ΔCE", defaultModel)
    .option("--no-loss", "leave ΔCE out: the model is not opened")
    .option("--no-baselines", "leave the random dictionary and PCA out")
    .option("--verify", "check the hash of every shard of the store first")
    .action((options) =>
      runCommand(options, async (context) => {
        const { out, colors, signal, onStop } = context;
        onStop("run the same command again; it goes on from the last checkpoint");
        if (options.tokens !== undefined && options.steps !== undefined)
          throw new LexiscopeError("invalid_input", "--tokens and --steps say the same thing twice", {
            field: "--steps",
            hint: "give one of them",
          });
        const ref = await choose("stores", options.store);
        const store = await openStore(ref);
        if (options.verify) await out.during("verify the store", store.verify(signal));
        const { manifest } = store;
        const site = options.site === undefined ? manifest.sites[0] : manifest.sites.find(({ name }) => name === options.site);
        const settings = {
          recipe: options.recipe,
          l1: options.l1,
          features: options.features,
          k: options.k,
          batch: options.batch,
          steps: options.steps,
          learningRate: options.lr,
          warmupSteps: options.warmup,
          decayShare: options.decay,
          normalise: options.normalise,
          deadAfter: options.deadAfter,
          auxCoefficient: options.aux,
          seed: options.seed,
          screen: options.screen,
          checkpointEverySteps: options.checkpointEvery,
        };
        const data = { d: site?.d ?? manifest.model.d, trainRows: manifest.rows - manifest.heldOut.rows };
        const preset = options.preset ?? recommendedPreset(settings, data, options.tokens);
        if (options.preset === undefined && preset === "short")
          out.note("training with --preset short: the default one would make too few steps of so few tokens");
        if (options.recipe === "scaling-monosemanticity" && options.preset === undefined)
          out.note("training as published: its learning rate needs tens of thousands of steps. --preset short suits a short run");
        const sized = trainConfig(preset, settings, data);
        const config =
          options.tokens === undefined
            ? sized
            : trainConfig(preset, { ...settings, batch: sized.batch, steps: Math.max(1, Math.ceil(options.tokens / sized.batch)) }, data);
        const name =
          options.dictionary ??
          `${basename(resolveRef("stores", ref))}-${shortCount(config.features)}-${architectureOf(config).suffix(config)}`;
        const model = options.loss ? await openModelFor(context, options.model, "fast") : undefined;
        const evaluation = options.baselines ? {} : { baselineBudget: 0, pca: false };
        const dictionary = await out.progress(train({ store, site: options.site, out: name, config, model, evaluation, signal }));
        const result = describeDictionary(dictionary);
        out.print(`\n${numbersView(result, colors)}\n`);
        out.print(`Dictionary: ${result.path}\nNext: lexiscope index --dictionary ${name} --store ${ref}`);
        out.result(result);
      }),
    );
}

export function describeDictionary({ path, manifest }: Dictionary): TrainResult {
  const { site, features, config, tokensSeen, seconds, metrics, dead, screening, baselines } = manifest;
  if (!config) throw new LexiscopeError("internal", `${path} was not trained here`, { file: path });
  const sparsity = config.architecture === "topk" ? { k: config.k } : { k: null, l1: config.l1 };
  const seen = { steps: config.steps, tokensSeen, seconds, metrics, dead, ...(screening && { screening }) };
  return { path, site, features, ...sparsity, ...seen, baselines };
}
