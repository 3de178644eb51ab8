import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "@lexiscope/activations";
import { writeStore } from "../../../packages/activations/src/testing/write-store.ts";
import { mutatedBytes } from "../mutate-bytes.ts";
import { scratchFolder } from "../scratch.ts";
import type { FuzzTarget } from "../target.ts";

/** A shard that its manifest vouches for (hash and size are made to agree), so that what it says of itself is all there is to judge by. */
export async function shard(): Promise<FuzzTarget> {
  const { folder, remove } = await scratchFolder();
  const [d, site] = [4, "blocks.0.hook_resid_post"];
  const contexts = Array.from({ length: 5 }, (_, i) => ({
    rows: Float32Array.from({ length: (3 + i) * d }, (_v, j) => j - i),
    heldOut: i === 1,
  }));
  await writeStore(join(folder, "store"), { contexts, d, perShard: 5, site });
  const store = join(folder, "store");
  const file = join(store, readdirSync(store).find((name) => name.endsWith(".safetensors")) ?? "");
  const manifestPath = join(store, "manifest.json");
  const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as { shards: { bytes: number; sha256: string }[] };
  const seeds = [new Uint8Array(readFileSync(file))];
  return {
    seeds,
    arbitrary: mutatedBytes(seeds),
    // A file is hashed a MiB at a time.
    limits: { buffers: 4 * 2 ** 20 },
    read: async (input) => {
      writeFileSync(file, input);
      const sha256 = createHash("sha256").update(input).digest("hex");
      const shards = manifest.shards.map((one) => ({ ...one, bytes: input.byteLength, sha256 }));
      writeFileSync(manifestPath, JSON.stringify({ ...manifest, shards }));
      const opened = await openStore(store);
      const all = await opened.contexts(0);
      await opened.context(all.length - 1);
      const { rows, positions } = await opened.rows(0, site, "all");
      const counts = await opened.rowCounts(site);
      const ids = await opened.contextIds("all");
      const target = new Uint16Array(counts.reduce((sum, n) => sum + n, 0) * d);
      const copied = await opened.copyRows(site, ids, target, 0);
      if (copied * d !== rows.length || positions.length !== copied) throw new Error("rows differ between two ways of reading them");
      for (const context of all)
        if (context.tokens.length < (counts[context.id] ?? 0)) throw new Error("a context has fewer tokens than rows");
    },
    close: async () => {
      rmSync(store, { recursive: true });
      await remove();
    },
  };
}
