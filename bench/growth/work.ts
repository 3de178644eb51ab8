import { floatToBf16 } from "@lexiscope/activations";
import { flopsPerToken, time, type Timed } from "@lexiscope/cli/bench";
import { createRandom } from "@lexiscope/core";
import { type Model, openModel } from "@lexiscope/model";
import { loadAddon, withTask } from "@lexiscope/native";

/**
 * One piece of work at one size, in a process of its own, so that its largest memory is its own: `node bench/growth/work.ts
 * '{"work":"step","features":16384}'` prints a line of JSON. See growth.ts.
 */
export type Work = { work: "step" | "index"; features: number } | { work: "harvest" | "generation"; context: number };

interface Rate {
  tokensPerSecond: number;
  /** Of the rate that register-only probes beside it allow (of generation: of the bandwidth). */
  shareOfLimit: number;
}

export interface Measured extends Rate {
  peakMB: number;
  cpuPath: string;
  threads: number;
}

const d = 576;
const k = 32;
const batch = 4096;
/** Tokens that the index counts at once, at k 32: a round is one window. */
const window = 65_536;
const seconds = 6;
const signal = new AbortController().signal;

async function measure(spec: Work): Promise<Rate> {
  if ("features" in spec) return spec.work === "step" ? step(spec.features) : index(spec.features);
  const model = await openModel("smollm2-135m-instruct", { dtype: "fast", offline: true });
  return spec.work === "harvest" ? harvest(model, spec.context) : generation(model, spec.context);
}

async function step(features: number): Promise<Rate> {
  const pool = normalRows(batch);
  const rows = Uint32Array.from({ length: batch }, (_, i) => i);
  const zeros = { decoderBias: new Float32Array(d), auxCoefficient: 0, auxK: 0 };
  const topk = { architecture: "topk" as const, k, decoderNorm: 1, clipNorm: Infinity, screen: "exact" as const };
  const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  const trainer = await withTask(signal, (task) =>
    loadAddon().Trainer.create(
      { ...topk, d, features, seed: 1, scale: 1, encoderScale: 1, deadAfter: 10_000_000, freezeDecoder: false, ...zeros, ...adam },
      task,
    ),
  );
  const run = async (): Promise<void> => void (await withTask(signal, (task) => trainer.step(pool, rows, 2e-4, 0, task)));
  const timed = await time({ run }, seconds, signal);
  return encoderRate(timed, features, batch);
}

async function index(features: number): Promise<Rate> {
  const random = createRandom(3);
  const decoder = Float32Array.from({ length: features * d }, () => random.normal() / Math.sqrt(d));
  const zeros = { encoderBias: new Float32Array(features), decoderBias: new Float32Array(d) };
  const dictionary = await withTask(signal, (task) =>
    loadAddon().Dictionary.create(
      { d, features, activation: "topk", k, applyBDecToInput: false, encoder: decoder, decoder, ...zeros },
      task,
    ),
  );
  const rows = normalRows(window);
  const options = { features, top: 20, intervals: 11, perInterval: 3, coactivation: 10, tokens: 10, seed: 0 };
  const indexer = new (loadAddon().Indexer)(options);
  const positions = Uint32Array.from({ length: window }, (_, row) => (row % 255) + 1);
  const tokens = Uint32Array.from({ length: window }, () => random.below(49_152));
  let contexts = 0;
  const run = async (): Promise<void> => {
    const first = contexts;
    contexts += Math.ceil(window / 255);
    const of = Uint32Array.from({ length: window }, (_, row) => first + Math.floor(row / 255));
    await withTask(signal, (task) => indexer.add(dictionary, rows, of, positions, tokens, task));
  };
  return encoderRate(await time({ run }, seconds, signal), features, window);
}

/** The limit counts the encoder's products alone: 2·d·F a token. */
function encoderRate(timed: Timed, features: number, tokens: number): Rate {
  const tokensPerSecond = tokens / timed.seconds;
  return { tokensPerSecond, shareOfLimit: (tokensPerSecond * 2 * d * features) / (timed.probe.fastGflops * 1e9) };
}

async function harvest(model: Model, context: number): Promise<Rate> {
  const blocks = (model.architecture.layers >> 1) + 1;
  const sequences = 2048 / context;
  const lengths = new Int32Array(sequences).fill(context);
  const taps = [{ site: `blocks.${blocks - 1}.hook_resid_post`, values: "bf16" as const }];
  const input = { tokens: randomTokens(sequences * context), lengths, taps, edits: [], logits: "none" as const, top: 0 };
  const run = async (): Promise<void> => void (await withTask(signal, (task) => model.native.forward(input, task)));
  const timed = await time({ run }, seconds, signal);
  const tokensPerSecond = (sequences * context) / timed.seconds;
  const flops = flopsPerToken(model.architecture, blocks, context);
  return { tokensPerSecond, shareOfLimit: (tokensPerSecond * flops) / (timed.probe.fastGflops * 1e9) };
}

/** One stream after a prompt of `context` tokens. */
async function generation(model: Model, context: number): Promise<Rate> {
  const steps = 16;
  const cache = model.native.cache(1, context + steps);
  const tokens = randomTokens(context + steps);
  await withTask(signal, (task) => model.native.extend(cache, tokens.subarray(0, context), Int32Array.of(context), [], task));
  const run = async (): Promise<void> => {
    cache.truncate(context);
    for (let i = context; i < context + steps; i++)
      await withTask(signal, (task) => model.native.extend(cache, tokens.subarray(i, i + 1), Int32Array.of(1), [], task));
  };
  const timed = await time({ run }, seconds, signal);
  const tokensPerSecond = steps / timed.seconds;
  return { tokensPerSecond, shareOfLimit: (tokensPerSecond * model.native.decodeBytes) / (timed.probe.bandwidthGBs * 1e9) };
}

function normalRows(n: number): Uint16Array {
  const random = createRandom(1);
  return floatToBf16(Float32Array.from({ length: n * d }, () => random.normal()));
}

function randomTokens(n: number): Int32Array {
  const random = createRandom(2);
  return Int32Array.from({ length: n }, () => 100 + random.below(40_000));
}

const spec = JSON.parse(process.argv[2] ?? "null") as Work | null;
if (spec) {
  const { path, threads } = loadAddon().cpu();
  const peakMB = (): number => Math.round(process.resourceUsage().maxRSS / 1000);
  console.log(JSON.stringify({ ...(await measure(spec)), peakMB: peakMB(), cpuPath: path, threads } satisfies Measured));
}
