import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isLexiscopeError } from "@lexiscope/core";
import { trainConfig } from "@lexiscope/dictionary";
import { loadAddon } from "@lexiscope/native";
import fc from "fast-check";
import { loadCheckpoint, saveCheckpoint } from "../../../packages/dictionary/src/checkpoint.ts";
import { mutatedBytes } from "../mutate-bytes.ts";
import { mutatedJson } from "../mutate-json.ts";
import { scratchFolder } from "../scratch.ts";
import type { FuzzTarget } from "../target.ts";

/** Checkpoints: first byte even, the state with a hash that agrees; odd, the description beside it. Loaded into a real trainer. */
export async function checkpoint(): Promise<FuzzTarget> {
  const { folder, remove } = await scratchFolder();
  const addon = loadAddon();
  const [d, features, k] = [4, 8, 2];
  const options = {
    architecture: "topk" as const,
    decoderNorm: 1,
    clipNorm: Infinity,
    screen: "exact" as const,
    d,
    features,
    k,
    seed: 1,
    scale: 1,
    decoderBias: new Float32Array(d),
    encoderScale: 1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  };
  const trainer = await addon.Trainer.create(
    { ...options, auxCoefficient: 0, auxK: 1, deadAfter: 100, freezeDecoder: false },
    new addon.Task(),
  );
  const config = trainConfig("short", { features, k, batch: 8, steps: 10 }, { d, trainRows: 100 });
  const run = { config, planHash: "0".repeat(64), site: "blocks.0.hook_resid_post" };
  await saveCheckpoint(folder, trainer, { software: "fuzz", step: 0, cursor: 0, cpuPath: "portable", seconds: 0, ...run });
  const paths = ["safetensors", "json"].map((ending) => join(folder, `checkpoint-000000000.${ending}`));
  const [state, text] = paths.map((path) => readFileSync(path)) as [Buffer, Buffer];
  const described = JSON.parse(text.toString()) as { sha256: string };
  const tagged = (tag: number) => (bytes: Uint8Array) => new Uint8Array(Buffer.concat([Buffer.of(tag), bytes]));
  return {
    seeds: [tagged(0)(state), tagged(1)(text)],
    arbitrary: fc.oneof(mutatedBytes([state]).map(tagged(0)), mutatedJson([text.toString()]).map(tagged(1))),
    // A file is hashed a MiB at a time.
    limits: { buffers: 4 * 2 ** 20 },
    read: async (input) => {
      const [ofState, body] = [(input[0] ?? 0) % 2 === 0, input.subarray(1)];
      writeFileSync(paths[0] ?? "", ofState ? body : state);
      const sha256 = createHash("sha256")
        .update(ofState ? body : state)
        .digest("hex");
      writeFileSync(paths[1] ?? "", ofState ? JSON.stringify({ ...described, sha256 }) : body);
      let passedOver: unknown;
      try {
        await loadCheckpoint(folder, trainer, run, () => {});
      } catch (error) {
        passedOver = error;
      }
      if (passedOver === undefined) return;
      const cause = (passedOver as { cause?: unknown }).cause;
      if (cause !== undefined && !isLexiscopeError(cause) && !/^(invalid_input|bad_file): /.test((cause as Error).message)) throw cause;
      throw passedOver;
    },
    close: remove,
  };
}
