#!/usr/bin/env node
// Folders that SAELens made (scripts/golden/saelens_folders.py), read by us, against what SAELens computed from them:
//   node scripts/golden/saelens-import.mjs FOLDER
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { floatToBf16 } from "@lexiscope/activations";
import { readForeignSaeLens } from "@lexiscope/dictionary";
import { loadSafetensors } from "@lexiscope/formats";
import { loadAddon, withTask } from "@lexiscope/native";

const [parent] = process.argv.slice(2);
if (!parent) {
  console.error("usage: saelens-import.mjs FOLDER");
  process.exit(2);
}
/** Of the largest activation, of the reconstruction's norm. */
const tolerance = 1e-5;
let failed = 0;
for (const name of readdirSync(parent)) {
  const { config, weights, activation, folded } = await readForeignSaeLens(join(parent, name));
  const { d, features, applyBDecToInput } = config;
  const { tensors } = await loadSafetensors(join(parent, name, "expected.safetensors"));
  const [rows, expected, reconstruction] = ["rows", "activations", "reconstruction"].map((key) => new Float32Array(tensors.get(key).data.buffer));
  const how =
    activation.kind === "topk"
      ? { activation: "topk", k: activation.k, ...(activation.gain && { gain: activation.gain }) }
      : { activation: "threshold", threshold: activation.kind === "jumprelu" ? activation.threshold : new Float32Array(features) };
  const native = await withTask(undefined, (task) =>
    loadAddon().Dictionary.create({ d, features, applyBDecToInput, ...weights, ...how }, task),
  );
  const bf16 = floatToBf16(rows);
  const { k, indices, values } = await withTask(undefined, (task) => native.encode(bf16, task));
  const ours = new Float32Array(expected.length);
  values.forEach((value, at) => {
    if (value !== 0) ours[Math.floor(at / k) * features + indices[at]] = value;
  });
  const back = await withTask(undefined, (task) => native.reconstruct(bf16, task));
  let [largest, worst, swapped, active, error, size] = [0, 0, 0, 0, 0, 0];
  for (const [i, value] of expected.entries()) {
    largest = Math.max(largest, value);
    worst = Math.max(worst, Math.abs(ours[i] - value));
    active += value > 0;
    swapped += ours[i] > 0 !== value > 0;
  }
  for (const [i, value] of reconstruction.entries()) {
    error += (back[i] - value) ** 2;
    size += value ** 2;
  }
  const [activations, rebuilt] = [worst / largest, Math.sqrt(error / size)];
  const passed = activations < tolerance && rebuilt < tolerance && swapped === 0;
  failed += !passed;
  const what = `activations ${activations.toExponential(1)} of the largest, reconstruction ${rebuilt.toExponential(1)} of its norm`;
  const fold = folded.length > 0 ? `; folded: ${folded.join(", ")}` : "";
  console.log(
    `${passed ? "ok    " : "FAILED"} ${name}: ${rows.length / d} rows of ${d}, ${features} features, ${active} active, ${swapped} of them differently; ${what}${fold}`,
  );
}
console.log(failed === 0 ? `within ${tolerance}` : `${failed} FAILED`);
process.exit(failed > 0 ? 1 : 0);
