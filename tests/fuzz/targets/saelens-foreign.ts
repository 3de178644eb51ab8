import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readForeignSaeLens, writeSaeLens } from "@lexiscope/dictionary";
import { withTask } from "@lexiscope/native";
import fc from "fast-check";
import { nativeDictionary } from "../../../packages/dictionary/src/native-dictionary.ts";
import { readSaeLens } from "../../../packages/dictionary/src/saelens.ts";
import { mutatedBytes } from "../mutate-bytes.ts";
import { mutatedJson } from "../mutate-json.ts";
import { mutatedSafetensorsHeader } from "../mutate-safetensors.ts";
import { scratchFolder } from "../scratch.ts";
import type { FuzzTarget } from "../target.ts";

const golden = fileURLToPath(new URL("../../../packages/dictionary/golden/saelens/", import.meta.url));
const names = ["cfg.json", "sae_weights.safetensors", "activation_scaler.json"] as const;

/**
 * Folders that SAELens itself saved, of every architecture, with one file changed: the first byte says whose, the second which.
 * What is taken in is used as `lexiscope import` uses it: two rows encoded and decoded, then written as our own folder and read back.
 */
export async function saelensForeign(): Promise<FuzzTarget> {
  const { folder, remove } = await scratchFolder();
  const { folder: own, remove: removeOwn } = await scratchFolder();
  const folders = readdirSync(golden).map((name) =>
    names.map((file) => {
      const path = join(golden, name, file);
      return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
    }),
  );
  const tagged = folders.flatMap((files, at) =>
    files.flatMap((bytes, which) => {
      const tag = (changed: Uint8Array): Uint8Array => new Uint8Array(Buffer.concat([Buffer.of(at, which), changed]));
      if (!bytes) return [];
      const changed =
        which === 1 ? fc.oneof(mutatedSafetensorsHeader(bytes), mutatedBytes([bytes])) : mutatedJson([Buffer.from(bytes).toString()]);
      return [{ seed: tag(bytes), arbitrary: changed.map(tag) }];
    }),
  );
  return {
    seeds: tagged.map(({ seed }) => seed),
    arbitrary: fc.oneof(...tagged.map(({ arbitrary }) => arbitrary)),
    limits: { buffers: 4 * 2 ** 20 },
    read: async (input) => {
      const files = folders[(input[0] ?? 0) % folders.length] ?? [];
      const which = (input[1] ?? 0) % names.length;
      for (const [at, name] of names.entries()) {
        const bytes = at === which ? input.subarray(2) : files[at];
        if (bytes) writeFileSync(join(folder, name), bytes);
        else rmSync(join(folder, name), { force: true });
      }
      const { weights, activation, config } = await readForeignSaeLens(folder);
      const { d, features, applyBDecToInput } = config;
      const native = await nativeDictionary(weights, { ...config, activation }, undefined);
      const rows = Uint16Array.from({ length: 2 * d }, (_, i) => 0x3f80 + (i % 32));
      await withTask(undefined, (task) => native.encode(rows, task));
      await withTask(undefined, (task) => native.reconstruct(rows, task));
      await writeSaeLens(own, weights, {
        d,
        features,
        activation,
        applyBDecToInput,
        modelName: "m",
        site: "blocks.0.hook_resid_post",
        context: 8,
        own: {},
      });
      const again = await readSaeLens(own).catch((cause: unknown) => {
        throw new Error("what was taken in cannot be read back", { cause });
      });
      await nativeDictionary(again.weights, again, undefined);
    },
    close: async () => {
      await removeOwn();
      await remove();
    },
  };
}
