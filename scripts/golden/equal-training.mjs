#!/usr/bin/env node
// A short training of ours, and all that a peer needs for the same one (scripts/golden/equal_training.py):
//   node scripts/golden/equal-training.mjs STORE SEED TOKENS OUT.safetensors
import { addRows } from "@lexiscope/activations";
import { learningRateAt } from "@lexiscope/dictionary";
import { writeSafetensors } from "@lexiscope/formats";
import { loadAddon, withTask } from "@lexiscope/native";
import { createTrainer, gather, setUp, stateTensors } from "./trainer-of-store.mjs";

const [storeRef, seed, tokens, out] = process.argv.slice(2);
if (!out) {
  console.error("usage: equal-training.mjs STORE SEED TOKENS OUT.safetensors");
  process.exit(2);
}
const batch = 1024;
const settings = { features: 4096, seed: Number(seed), batch, steps: Math.ceil(Number(tokens) / batch) };
const { store, site, config, batches, options } = await setUp(storeRef, settings);
const { d } = site;
const trainer = await createTrainer(options);
const tensors = stateTensors(trainer, "start.");
const shown = new Uint16Array(config.steps * config.batch * d);
const rates = new Float64Array(config.steps);
let metrics;
for (let t = 0; t < config.steps; t++) {
  const { pool, rows } = await batches.next();
  shown.set(gather({ pool, rows }, d), t * config.batch * d);
  rates[t] = learningRateAt(config, t);
  metrics = await withTask(undefined, (task) => trainer.step(pool, rows, rates[t], 0, task));
}

const held = Uint32Array.from(await store.contextIds("heldOut"));
const counts = await store.rowCounts(site.name);
const n = held.reduce((sum, id) => sum + counts[id], 0);
const heldOut = new Uint16Array(n * d);
await store.copyRows(site.name, held, heldOut, 0);
const sum = new Float64Array(d);
addRows(sum, heldOut, 0, n);
const mean = Float32Array.from(sum, (value) => value / n);
const native = await withTask(undefined, (task) =>
  loadAddon().Dictionary.create(
    { d, features: config.features, activation: "topk", k: config.k, applyBDecToInput: true, ...trainer.weights() },
    task,
  ),
);
const { squaredError, squaredDeviation, active } = await withTask(undefined, (task) => native.evaluate(heldOut, mean, task));
const ours = { fvu: squaredError / squaredDeviation, l0: active / n, dead: metrics.dead };
await writeSafetensors(
  out,
  {
    ...tensors,
    batches: { dtype: "BF16", shape: [config.steps, config.batch, d], data: shown },
    rates: { dtype: "F64", shape: [config.steps], data: rates },
    held_out: { dtype: "BF16", shape: [n, d], data: heldOut },
    held_out_mean: { dtype: "F32", shape: [d], data: mean },
  },
  { options: JSON.stringify({ ...options, decoderBias: undefined }), ours: JSON.stringify(ours), cpuPath: loadAddon().cpu().path },
);
console.log(`${out}: seed ${seed}, ${config.steps} steps of ${config.batch}, ${n} held-out rows`);
