import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  isLexiscopeError,
  LexiscopeError,
  lockFolder,
  RateMeter,
  readFolder,
  resolveRef,
  syncFile,
  version,
  type Work,
  type WorkOptions,
} from "@lexiscope/core";
import type { ActivationStore } from "@lexiscope/activations";
import type { Screening, TrainConfig } from "@lexiscope/contract";
import type { Model } from "@lexiscope/model";
import { loadAddon, type NativeTrainer } from "@lexiscope/native";
import { loadCheckpoint, removeStray, saveCheckpoint, type CheckpointInfo, type RunIdentity } from "./checkpoint.ts";
import { checkConfig } from "./config.ts";
import { evaluateAll, evaluationFor, type EvaluationOptions } from "./evaluation.ts";
import { finishDictionary, isFinished } from "./finish.ts";
import { loadHeldOut, requireHeldOut } from "./held-out.ts";
import { createLook, lookAfter, type Look } from "./look.ts";
import { appendMetrics, lastMetrics, rewindMetrics } from "./metrics-log.ts";
import type { SiteStatistics } from "./normalise.ts";
import { openDictionary } from "./open.ts";
import { claimRun } from "./run-folder.ts";
import { createTrainer, runSteps, trainingBatches } from "./steps.ts";
import type { Dictionary } from "./types.ts";

export interface TrainOptions extends WorkOptions {
  store: ActivationStore;
  /** Which of the store's sites; needed when it has several. */
  site?: string | undefined;
  /** A folder, or a name on the shelf of dictionaries. */
  out: string;
  /** From `trainConfig`. */
  config: TrainConfig;
  /** The model of the store: gives ΔCE. Without it ΔCE is not taken. */
  model?: Model | undefined;
  evaluation?: Partial<EvaluationOptions> | undefined;
}

/** Lines of metrics that a run writes, but for those of its looks. */
const metricsLines = 1000;

/**
 * Trains a dictionary on a store. Killed at any moment, the same call goes on from the last checkpoint, and the weights
 * are the same, byte for byte. Ends with numbers on held-out documents beside two baselines.
 */
export async function* train(options: TrainOptions): Work<Dictionary> {
  const { store, config, model, signal } = options;
  const statistics = chooseSite(store, options.site);
  await checkModel(store, model, signal);
  checkConfig(config, { d: statistics.d, trainRows: store.manifest.rows - store.manifest.heldOut.rows });
  requireHeldOut(store);
  const evaluation = { ...evaluationFor(config), ...definedOnly(options.evaluation ?? {}) };
  const folder = resolveRef("dictionaries", options.out);
  const run: RunIdentity = { config, planHash: store.manifest.planHash, site: statistics.name };
  const unlock = await lockFolder(folder, "train");
  let endReading: (() => Promise<void>) | undefined;
  try {
    await claimRun(folder, run);
    endReading = await readFolder(store.path, `training ${basename(folder)}`); // also of a finished run: it clears the mark of one that was killed
    for (const name of await readdir(folder)) if (name.endsWith(".tmp")) await rm(join(folder, name), { force: true });
    const finished = await isFinished(folder);
    await removeStray(folder, { all: finished }); // of a run that was killed between its manifest and their removal
    if (finished) return await openDictionary(folder, { model, signal });
    const heldOut = await loadHeldOut(store, statistics.name, evaluation.rows);
    const trainer = await createTrainer({ store, statistics, config, freezeDecoder: false, signal });
    const messages: string[] = [];
    const resumed = await loadCheckpoint(folder, trainer, run, (message) => messages.push(`passed over a checkpoint: ${message}`));
    const cpuPath = loadAddon().cpu().path;
    if (resumed) messages.push(`going on from step ${resumed.step} of ${config.steps}`);
    if (resumed && resumed.cpuPath !== cpuPath)
      messages.push(
        `the run began on the CPU path ${resumed.cpuPath} and goes on on ${cpuPath}: its last digits may differ from an unbroken run`,
      );
    for (const message of messages)
      yield { phase: "train", done: trainer.steps * config.batch, total: config.steps * config.batch, unit: "tokens", rate: 0, message };
    const { ceTokens } = evaluation;
    const look = createLook({ trainer, store, config, site: statistics.name, heldOut, model, ceTokens, signal });
    const { seconds, dead, screening } = yield* trainToTheEnd({ folder, trainer, store, run, look, statistics, resumed, cpuPath, signal });
    const results = yield* evaluated(evaluateAll({ trainer, store, statistics, config, model, heldOut, evaluation, signal }), folder);
    await finishDictionary({ folder, store, statistics, config, trainer, results, dead, screening, cpuPath, seconds });
    await removeStray(folder, { all: true });
  } finally {
    await endReading?.();
    await unlock();
  }
  return openDictionary(folder, { model, signal });
}

interface Running {
  folder: string;
  trainer: NativeTrainer;
  store: ActivationStore;
  run: RunIdentity;
  look: (withLoss: boolean) => Promise<Look>;
  statistics: SiteStatistics;
  resumed: CheckpointInfo | undefined;
  cpuPath: string;
  signal: AbortSignal | undefined;
}

/** Applies all steps that are left, with metrics, looks at held-out rows and checkpoints. Returns the seconds of all sittings. */
async function* trainToTheEnd(running: Running): Work<{ seconds: number; dead: number; screening: Screening | undefined }> {
  const { folder, trainer, run, statistics, resumed, signal } = running;
  const { config } = run;
  const log = join(folder, "metrics.jsonl");
  await rewindMetrics(log, resumed?.step ?? 0);
  const batches = await trainingBatches(running.store, statistics.name, config, resumed?.cursor ?? 0);
  const started = performance.now();
  const seconds = (): number => (resumed?.seconds ?? 0) + (performance.now() - started) / 1000;
  const meter = new RateMeter();
  meter.update(trainer.steps * config.batch);
  let cursor = resumed?.cursor ?? 0;
  let dead = resumed?.dead ?? (await lastMetrics(log))?.dead ?? 0;
  let screening =
    config.architecture === "topk" && config.screen === "8bit" ? (resumed?.screening ?? { checkedRows: 0, differingRows: 0 }) : undefined;
  let saved = resumed?.step ?? -1;
  let seen: Partial<Look> = {};
  let shown = 0;
  const save = async (): Promise<void> => {
    if (saved === trainer.steps) return;
    await syncFile(log); // its lines up to here are not written again
    await saveCheckpoint(folder, trainer, {
      ...run,
      software: version,
      step: trainer.steps,
      cursor,
      cpuPath: running.cpuPath,
      dead,
      ...(screening && { screening }),
      seconds: seconds(),
    });
    saved = trainer.steps;
  };
  try {
    for await (const { step, cursor: consumed, learningRate, penalty, metrics } of runSteps({ trainer, batches, config, signal })) {
      cursor = consumed;
      dead = metrics.dead;
      screening &&= {
        checkedRows: screening.checkedRows + metrics.checkedRows,
        differingRows: screening.differingRows + metrics.differingRows,
      };
      const { loss, fvu, l0 } = metrics;
      const { auxLoss, l1, gradientNorm } = metrics;
      const own = config.architecture === "topk" ? { auxLoss, ...screening } : { l1, lambda: penalty, gradientNorm };
      const last = step === config.steps;
      const now = lookAfter(step, config.steps);
      const rate = meter.update(step * config.batch);
      let look: Partial<Look> = {};
      try {
        if (now.look) look = await running.look(now.loss);
        seen = { ...seen, ...look };
      } finally {
        // Also of a step whose look was cut short: the step is applied, and the run goes on after it.
        if (now.look || step % Math.max(1, Math.floor(config.steps / metricsLines)) === 0) {
          const tokens = step * config.batch;
          await appendMetrics(log, { step, tokens, loss, ...own, fvu, l0, dead, learningRate, tokensPerSecond: rate, ...look });
        }
      }
      if (last || step % config.checkpointEverySteps === 0) await save();
      if (!now.look && performance.now() - shown < 100) continue;
      shown = performance.now();
      const left: Record<string, number> = rate > 0 ? { secondsLeft: ((config.steps - step) * config.batch) / rate } : {};
      yield {
        phase: "train",
        done: step * config.batch,
        total: config.steps * config.batch,
        unit: "tokens",
        rate,
        metrics: { step, loss, l0, fvu, dead, ...(config.architecture === "relu" ? { l1, lambda: penalty } : screening), ...seen, ...left },
      };
    }
  } catch (error) {
    if (!isLexiscopeError(error) || error.code !== "aborted") throw error;
    await save(); // a step that was cut short is not applied, so this is the state after the last whole one
    throw new LexiscopeError("aborted", `stopped after step ${trainer.steps} of ${config.steps}; a checkpoint is saved`, {
      file: folder,
      hint: "run the same command again; it goes on from there",
    });
  }
  return { seconds: seconds(), dead, screening };
}

/** Says that nothing is lost when the evaluation is stopped. */
async function* evaluated<T>(work: Work<T>, folder: string): Work<T> {
  try {
    return yield* work;
  } catch (error) {
    if (!isLexiscopeError(error) || error.code !== "aborted") throw error;
    throw new LexiscopeError("aborted", "stopped while the numbers were taken; the training itself is finished and saved", {
      file: folder,
      hint: "run the same command again; it goes on with the numbers",
    });
  }
}

function chooseSite(store: ActivationStore, name: string | undefined): SiteStatistics {
  const { sites } = store.manifest;
  const site = name === undefined && sites.length === 1 ? sites[0] : sites.find((candidate) => candidate.name === name);
  if (site) return site;
  const what = name === undefined ? "holds several sites" : `has no activations of ${name}`;
  throw new LexiscopeError(name === undefined ? "invalid_input" : "mismatch", `${store.path} ${what}`, {
    file: store.path,
    field: "site",
    hint: `choose one of ${sites.map((candidate) => candidate.name).join(", ")}`,
  });
}

async function checkModel(store: ActivationStore, model: Model | undefined, signal: AbortSignal | undefined): Promise<void> {
  if (!model) return;
  const { weightsHash, name } = await model.identity(signal);
  if (weightsHash === store.manifest.model.weightsHash) return;
  throw new LexiscopeError(
    "mismatch",
    `${store.path} was harvested from ${store.manifest.model.name} (weights ${store.manifest.model.weightsHash.slice(0, 12)}); the open model is ${name} (weights ${weightsHash.slice(0, 12)})`,
    { file: store.path, field: "model", hint: "open the model of the store" },
  );
}

function definedOnly<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
