// A trainer of ours on the batches of a store, set up as `lexiscope train --preset short` sets it up.
import { createBatches, openStore } from "@lexiscope/activations";
import { deadWindow, trainConfig } from "@lexiscope/dictionary";
import { loadAddon, withTask } from "@lexiscope/native";

/** The store at its first site, its batches, the configuration and the options of a trainer for them. */
export async function setUp(storeRef, settings) {
  const store = await openStore(storeRef);
  const [site] = store.manifest.sites;
  const { d, meanSquaredNorm, mean, name } = site;
  const trainRows = store.manifest.rows - store.manifest.heldOut.rows;
  const config = trainConfig("short", settings, { d, trainRows });
  const batches = await createBatches(store, name, { seed: config.seed, poolRows: config.poolRows, batch: config.batch, cursor: 0 });
  const options = {
    architecture: "topk",
    d,
    features: config.features,
    k: config.k,
    seed: config.seed,
    scale: Math.sqrt(d / meanSquaredNorm),
    decoderBias: Float32Array.from(mean),
    encoderScale: config.encoderScale,
    beta1: config.beta1,
    beta2: config.beta2,
    epsilon: config.epsilon,
    auxCoefficient: config.auxCoefficient * d, // E‖x‖² = d
    auxK: config.auxK,
    deadAfter: deadWindow(config),
    freezeDecoder: false,
    decoderNorm: 1,
    clipNorm: Infinity,
    screen: "exact",
  };
  return { store, site, config, batches, options };
}

export const createTrainer = (options) => withTask(undefined, (task) => loadAddon().Trainer.create(options, task));

/** Rows of a batch, bf16 [batch, d]. */
export function gather({ pool, rows }, d) {
  const out = new Uint16Array(rows.length * d);
  for (const [i, row] of rows.entries()) out.set(pool.subarray(row * d, (row + 1) * d), i * d);
  return out;
}

/** A trainer's state as tensors for `writeSafetensors`, names prefixed. */
export function stateTensors(trainer, prefix) {
  return Object.fromEntries(
    trainer
      .state()
      .filter(({ name }) => name !== "steps")
      .map(({ name, type, shape, data }) => [`${prefix}${name}`, { dtype: type === "U64" ? "I64" : "F32", shape, data }]),
  );
}
