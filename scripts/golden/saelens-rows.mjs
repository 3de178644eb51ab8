#!/usr/bin/env node
// Rows of a store with what our dictionary makes of them, for scripts/golden/saelens.py:
//   node scripts/golden/saelens-rows.mjs DICTIONARY STORE OUT.safetensors
import { openStore } from "@lexiscope/activations";
import { openDictionary } from "@lexiscope/dictionary";
import { writeSafetensors } from "@lexiscope/formats";
import { withTask } from "@lexiscope/native";

const [dictionaryRef, storeRef, out] = process.argv.slice(2);
if (!out) {
  console.error("usage: saelens-rows.mjs DICTIONARY STORE OUT.safetensors");
  process.exit(2);
}
const count = 512;
const { native, manifest } = await openDictionary(dictionaryRef);
const { d, site } = manifest;
const stored = await (await openStore(storeRef)).rows(0, site, "all");
const rows = stored.rows.slice(0, count * d);
const { indices, values, k } = await withTask(undefined, (task) => native.encode(rows, task));
const reconstruction = await withTask(undefined, (task) => native.reconstruct(rows, task));
const asF32 = new Float32Array(new Uint32Array(rows).map((bits) => bits << 16).buffer);
const n = rows.length / d;
await writeSafetensors(out, {
  rows: { dtype: "F32", shape: [n, d], data: asF32 },
  indices: { dtype: "I32", shape: [n, k], data: new Int32Array(indices) },
  values: { dtype: "F32", shape: [n, k], data: values },
  reconstruction: { dtype: "F32", shape: [n, d], data: reconstruction },
});
console.log(`${out}: ${n} rows of ${site}`);
