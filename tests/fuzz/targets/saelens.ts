import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSaeLens } from "@lexiscope/dictionary";
import fc from "fast-check";
import { readSaeLens } from "../../../packages/dictionary/src/saelens.ts";
import { mutatedBytes } from "../mutate-bytes.ts";
import { mutatedJson } from "../mutate-json.ts";
import { scratchFolder } from "../scratch.ts";
import type { FuzzTarget } from "../target.ts";

/** A folder in SAELens' form: the configuration (first byte odd) or the weights (even). */
export async function saelens(): Promise<FuzzTarget> {
  const { folder, remove } = await scratchFolder();
  const [d, features] = [4, 6];
  const matrix = Float32Array.from({ length: d * features }, (_, i) => i / 7);
  await writeSaeLens(
    folder,
    { encoder: matrix, encoderBias: new Float32Array(features), decoder: matrix, decoderBias: new Float32Array(d) },
    {
      d,
      features,
      activation: { kind: "topk", k: 2 },
      applyBDecToInput: true,
      modelName: "m",
      site: "blocks.0.hook_resid_post",
      context: 8,
      own: {},
    },
  );
  const paths = ["sae_weights.safetensors", "cfg.json"].map((name) => join(folder, name));
  const whole = paths.map((path) => readFileSync(path)) as [Buffer, Buffer];
  const tag = (which: number) => (bytes: Uint8Array) => new Uint8Array(Buffer.concat([Buffer.of(which), bytes]));
  return {
    seeds: whole.map((bytes, which) => tag(which)(bytes)),
    arbitrary: fc.oneof(mutatedBytes([whole[0]]).map(tag(0)), mutatedJson([whole[1].toString()]).map(tag(1))),
    read: async (input) => {
      const which = (input[0] ?? 0) % 2;
      writeFileSync(paths[which] ?? "", input.subarray(1));
      try {
        await readSaeLens(folder);
      } finally {
        writeFileSync(paths[which] ?? "", whole[which] ?? new Uint8Array());
      }
    },
    close: remove,
  };
}
