#!/usr/bin/env node
// One TopK step of ours on real activations, for scripts/golden/step_gradients.py:
//   node scripts/golden/step-gradients.mjs STORE OUT.safetensors
// With β₁ = 0 Adam's first moment after a step is the gradient itself, so the trainer's own state shows it. The step is taken
// after 40 others, once without the auxiliary loss and once with it, every latent that is silent in the batch counting as dead.
import { learningRateAt } from "@lexiscope/dictionary";
import { writeSafetensors } from "@lexiscope/formats";
import { withTask } from "@lexiscope/native";
import { createTrainer, gather, setUp, stateTensors } from "./trainer-of-store.mjs";

const [storeRef, out] = process.argv.slice(2);
if (!out) {
  console.error("usage: step-gradients.mjs STORE OUT.safetensors");
  process.exit(2);
}
const steps = 40;
const { site, config, batches, options } = await setUp(storeRef, { features: 4096, steps: 400 });
const trainer = await createTrainer(options);
const step = (of, { pool, rows }, rate) => withTask(undefined, (task) => of.step(pool, rows, rate, 0, task));
for (let t = 0; t < steps; t++) await step(trainer, await batches.next(), learningRateAt(config, t));
const batch = await batches.next();
const tensors = { ...stateTensors(trainer, "before."), rows: { dtype: "BF16", shape: [config.batch, site.d], data: gather(batch, site.d) } };
const metadata = { k: config.k, auxK: options.auxK, auxCoefficient: options.auxCoefficient, site: site.name, steps };
for (const [name, change] of [
  ["main", { auxCoefficient: 0 }],
  ["aux", { deadAfter: 1 }],
]) {
  const probe = await createTrainer({ ...options, beta1: 0, ...change });
  probe.load(trainer.state());
  const { loss, auxLoss, fvu, l0, dead } = await step(probe, batch, 1e-3);
  Object.assign(metadata, { [name]: JSON.stringify({ loss, auxLoss, fvu, l0, dead }) });
  for (const [key, tensor] of Object.entries(stateTensors(probe, "")))
    if (key.startsWith("first_moment.")) tensors[`${name}.${key.slice(13)}`] = tensor;
}
await writeSafetensors(out, tensors, Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, String(value)])));
console.log(`${out}: a step on ${config.batch} rows of ${site.name}, ${config.features} features, k ${config.k}, after ${steps} others`);
