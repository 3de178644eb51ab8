import { type ActivationStore, builtInText, harvest, openText } from "@lexiscope/activations";
import type { HarvestResult } from "@lexiscope/contract";
import { formatBytes } from "@lexiscope/core";
import { diskUse } from "@lexiscope/shelves";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { defaultModel, openModelFor } from "../look/session.ts";
import { artefactName } from "../names.ts";
import { count, oneOf, real, several } from "../options.ts";
import { formatCount } from "../text.ts";
import { weighted } from "../text-option.ts";

export function harvestCommand(): AnyCommand {
  return createCommand("harvest", "Let a model read text and keep its activations in a store.", [
    ["the built-in text, at the middle block", "lexiscope harvest --tokens 300k"],
    [
      "two sites, texts of your own by weight, a name for the store",
      "lexiscope harvest --site blocks.7.hook_resid_post --site blocks.15.hook_mlp_out --text notes/=3 --text chats.jsonl --out notes",
    ],
  ])
    .option("--model <ref>", "built-in name, GGUF file or folder", defaultModel)
    .option(
      "--site <site>",
      "where to read: blocks.L.hook_resid_pre|mid|post, hook_attn_out, hook_mlp_out; may be given several times (default: the middle block's hook_resid_post)",
      several,
    )
    .option(
      "--text <ref>",
      `${builtInText}, a file, or a folder of .txt, .md, .jsonl; REF=WEIGHT sets its share of the tokens; may be given several times (default: ${builtInText})`,
      several,
    )
    .option("--tokens <n>", "tokens to read", count("--tokens", { min: 2 }), 300_000)
    .option("--context <n>", "tokens of a context", count("--context", { min: 2, max: 65_536 }), 256)
    .option("--split <how>", "how plain text becomes documents: file, line or block", oneOf("--split", ["file", "line", "block"]))
    .option("--column <name>", "column of JSONL files that holds the text")
    .option("--held-out <share>", "share of the text kept for measuring, by whole works", real("--held-out", { min: 0, max: 0.5 }), 0.05)
    .option("--seed <n>", "order of the documents", count("--seed", { min: 0 }), 0)
    .option("--dtype <dtype>", "f32 (exact) or fast", oneOf("--dtype", ["f32", "fast"]), "fast" as const)
    .option("--out <name>", "name on the shelf of stores, or a folder")
    .action((options) =>
      runCommand(options, async (context) => {
        const { out, signal, offline, onStop } = context;
        const started = performance.now();
        onStop("run the same command again; it goes on at the first missing shard");
        const model = await openModelFor(context, options.model, options.dtype);
        const sites = options.site ?? [`blocks.${Math.floor(model.architecture.layers / 2)}.hook_resid_post`];
        const sources = await out.progress(
          openText({
            text: (options.text ?? [builtInText]).map(weighted),
            split: options.split,
            column: options.column,
            chatTemplate: model.chatTemplate,
            offline,
            signal,
          }),
        );
        const name = options.out ?? artefactName(model.name, sites, options.tokens);
        const store = await out.progress(
          harvest({
            model,
            sources,
            sites,
            out: name,
            tokens: options.tokens,
            context: options.context,
            seed: options.seed,
            heldOutShare: options.heldOut,
            signal,
          }),
        );
        const result = await describeStore(store, (performance.now() - started) / 1000);
        out.print(
          `${formatCount(result.tokens)} tokens, ${formatCount(result.rows)} rows (${formatCount(result.heldOutRows)} held out) at ${result.sites.join(", ")}: ${formatBytes(result.bytes)} in ${result.path}`,
        );
        if (result.tokens < options.tokens) out.note(`The text has no more: ${formatCount(options.tokens)} tokens were asked for.`);
        if (result.heldOutRows === 0)
          out.note(
            "No document was held out, and training needs some for its numbers: harvest several documents, or cut one with --split.",
          );
        out.print(`Next: lexiscope train --store ${options.out ?? name}`);
        out.result(result);
      }),
    );
}

export async function describeStore({ path, manifest }: ActivationStore, seconds: number): Promise<HarvestResult> {
  return {
    path,
    sites: manifest.sites.map((site) => site.name),
    tokens: manifest.tokens,
    rows: manifest.rows,
    heldOutRows: manifest.heldOut.rows,
    contexts: manifest.contexts,
    shards: manifest.shards.length,
    bytes: await diskUse(path),
    seconds,
  };
}
