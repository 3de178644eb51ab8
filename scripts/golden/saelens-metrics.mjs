#!/usr/bin/env node
// FVU, L0 and ΔCE of a dictionary as we take them, and the tokens on which they are taken, for scripts/golden/saelens_metrics.py:
//   node scripts/golden/saelens-metrics.mjs DICTIONARY STORE MODEL CONTEXTS OUT.json
// Held-out contexts of the store; the model runs in f32.
import { writeFileSync } from "node:fs";
import { addRows, keepMask, openStore } from "@lexiscope/activations";
import { openDictionary, patchedLoss } from "@lexiscope/dictionary";
import { openModel } from "@lexiscope/model";
import { withTask } from "@lexiscope/native";

const [dictionaryRef, storeRef, modelRef, count, out] = process.argv.slice(2);
if (!out) {
  console.error("usage: saelens-metrics.mjs DICTIONARY STORE MODEL CONTEXTS OUT.json");
  process.exit(2);
}
const model = await openModel(modelRef, { dtype: "f32" });
const store = await openStore(storeRef);
const { native, manifest } = await openDictionary(dictionaryRef);
const { site, d, keep, medianNorm } = manifest;
const ids = [...(await store.contextIds("heldOut"))].slice(0, Number(count));
const contexts = await Promise.all(ids.map((id) => store.context(id)));

const tokens = Int32Array.from(contexts.flatMap((context) => [...context.tokens]));
const lengths = Int32Array.from(contexts, (context) => context.tokens.length);
const mask = Uint8Array.from(contexts.flatMap((context) => [...keepMask(context.tokens, keep, model.tokenizer.specialIds)]));
const input = { tokens, lengths, taps: [{ site, keep: mask, values: "bf16" }], edits: [], logits: "none", top: 0 };
const [tap] = (await withTask(undefined, (task) => model.native.forward(input, task))).taps;
const n = tap.norms.length;
const beyond = tap.norms.filter((norm) => norm > keep.maxNormOverMedian * medianNorm).length;
const fresh = await scores(tap.values, n);
const counts = await store.rowCounts(site);
const storedRows = ids.reduce((sum, id) => sum + counts[id], 0);
const stored = new Uint16Array(storedRows * d);
await store.copyRows(site, Uint32Array.from(ids), stored, 0);

const loss = async (patch) => (await patchedLoss({ model, store, site, contexts, patch, signal: undefined })).ce;
const clean = await loss({ kind: "none" });
const { sites } = store.manifest;
const ours = {
  ...fresh,
  stored: await scores(stored, storedRows),
  ceClean: clean,
  cePatched: await loss({ kind: "reconstruction", dictionary: native }),
  ceMean: await loss({ kind: "mean", mean: Float32Array.from(sites.find(({ name }) => name === site).mean) }),
  ceZero: await loss({ kind: "mean", mean: new Float32Array(d) }),
};
const special = [...model.tokenizer.specialIds];
writeFileSync(out, JSON.stringify({ site, contexts: contexts.map((context) => [...context.tokens]), special, rows: n, beyond, ours }));
console.log(`${out}: ${contexts.length} held-out contexts, ${n} kept tokens, ${beyond} of them beyond the norm limit`);

/** FVU about the rows' own mean, L0, and their parts. */
async function scores(rows, n) {
  const sum = new Float64Array(d);
  addRows(sum, rows, 0, n);
  const mean = Float32Array.from(sum, (value) => value / n);
  const { squaredError, squaredDeviation, active } = await withTask(undefined, (task) => native.evaluate(rows, mean, task));
  return { fvu: squaredError / squaredDeviation, l0: active / n, mse: squaredError / n };
}
