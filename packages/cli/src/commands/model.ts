import type { Architecture, ModelResult } from "@lexiscope/contract";
import { formatBytes } from "@lexiscope/core";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { defaultModel, openModelFor } from "../look/session.ts";
import { oneOf } from "../options.ts";
import { formatCount, formatTable } from "../text.ts";

export function modelCommand(): AnyCommand {
  return createCommand("model", "Open a model and say what it is: architecture, hashes, tokenizer, memory.", [
    ["the built-in model (fetched once)", "lexiscope model"],
    ["a GGUF file", "lexiscope model ./model.Q8_0.gguf"],
    ["a Hugging Face folder, as JSON", "lexiscope model ./SmolLM2-135M --json"],
    ["one of the Hugging Face hub, fetched once", "lexiscope model HuggingFaceTB/SmolLM2-135M-Instruct"],
  ])
    .argument(
      "[ref]",
      "built-in name, GGUF file, folder with config.json, safetensors and tokenizer.json, or org/name on the hub",
      defaultModel,
    )
    .option("--dtype <dtype>", "f32 (exact) or fast", oneOf("--dtype", ["f32", "fast"]), "fast" as const)
    .action((ref, options) =>
      runCommand(options, async (context) => {
        const { out, colors, signal } = context;
        const model = await openModelFor(context, ref, options.dtype);
        const identity = await out.during("hash the weights", model.identity(signal));
        const { architecture, tokenizer } = model;
        const result: ModelResult = {
          name: model.name,
          identity,
          architecture,
          parameters: countParameters(architecture),
          bytes: model.native.bytes,
          dtype: model.dtype,
          cpuPath: model.cpuPath,
          tokenizer: { size: tokenizer.size, hash: tokenizer.hash, bos: tokenizer.bosToken ?? null, eos: tokenizer.eosToken ?? null },
          chatTemplate: model.chatTemplate !== undefined,
          stopTokens: [...model.stopTokens],
        };
        out.print(colors.bold(model.name));
        out.print(
          formatTable([
            [
              "architecture",
              `${architecture.family}: ${architecture.layers} blocks, d ${architecture.d}, ${architecture.heads} heads / ${architecture.kvHeads} KV of ${architecture.headWidth}, FFN ${architecture.ff}`,
            ],
            ["parameters", `${formatCount(result.parameters)}${architecture.tied ? " (output tied to the embedding)" : ""}`],
            ["context", `${architecture.context} tokens, rope base ${architecture.positions.base}`],
            [
              "tokenizer",
              `${tokenizer.size} tokens, begin ${tokenizer.bosToken ?? "–"}, end ${tokenizer.eosToken ?? "–"}, SHA-256 ${tokenizer.hash.slice(0, 16)}…`,
            ],
            ["chat template", result.chatTemplate ? "yes" : "no"],
            ["memory", `${formatBytes(result.bytes)} as ${model.dtype} on ${model.cpuPath}`],
            ["weights", `SHA-256 ${identity.weightsHash}`],
            ["file", identity.fileHash === null ? "several files" : `SHA-256 ${identity.fileHash}`],
          ]),
        );
        out.result(result);
      }),
    );
}

/** Weights of the model, the shared embedding counted once. */
export function countParameters({ layers, d, heads, kvHeads, headWidth, ff, vocabulary, tied }: Architecture): number {
  const attention = d * headWidth * (2 * heads + 2 * kvHeads);
  const block = attention + 3 * d * ff + 2 * d;
  return vocabulary * d * (tied ? 1 : 2) + layers * block + d;
}
