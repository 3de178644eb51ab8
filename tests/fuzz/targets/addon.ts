import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isLexiscopeError, LexiscopeError, messageOf } from "@lexiscope/core";
import { planGguf } from "@lexiscope/model";
import { loadAddon, type Addon } from "@lexiscope/native";
import fc from "fast-check";
import { tinyArchitecture, tinyGguf, tinyWeights } from "../../../packages/model/src/tiny-model.fixture.ts";
import { scratchFolder } from "../scratch.ts";
import type { FuzzTarget } from "../target.ts";

type Call = (pick: Pick) => unknown;
/** Takes the next choice: the argument as it should be, or one in its place. */
type Pick = <T>(right: T) => T;

/** Sizes are small, or beyond any memory: what lies between is done when it is asked for, such as a trainer of 2²⁴ features. */
const numbers = [
  0,
  -0,
  1,
  2,
  3,
  7,
  8,
  9,
  31,
  32,
  33,
  64,
  0.5,
  -1,
  NaN,
  Infinity,
  -Infinity,
  2 ** 20,
  2 ** 31,
  2 ** 32,
  2 ** 32 + 1,
  2 ** 53,
  1e300,
  1e-300,
];
const odd: readonly unknown[] = [
  undefined,
  null,
  true,
  "x",
  "",
  "blocks.9.hook_resid_post",
  {},
  [],
  [{}],
  10n,
  Symbol("s"),
  () => 1,
  new Date(0),
];
const detached = (): Float32Array => {
  const array = new Float32Array(8);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};
const kinds = [Float32Array, Uint16Array, Uint32Array, Int32Array, Uint8Array, Float64Array];

function instead(right: unknown, at: number): unknown {
  const choice = at >> 2;
  switch (at & 3) {
    case 0:
      return numbers[choice % numbers.length];
    case 1:
      return odd[choice % odd.length];
    case 2: {
      const array = kinds[choice % kinds.length] ?? Float32Array;
      return choice % 16 === 15
        ? detached()
        : new array([0, 1, 2, 8, 31, 32, 33, 64][(choice >> 3) % 8] ?? 0).fill(choice % 11 === 0 ? NaN : 2 ** 31);
    }
    default:
      if (ArrayBuffer.isView(right)) {
        const bytes = new Uint8Array(right.buffer.slice(0) as ArrayBuffer);
        if (bytes.length > 0) bytes[choice % bytes.length] = 255;
        return new (right.constructor as Uint8ArrayConstructor)(bytes.buffer);
      }
      return right;
  }
}

/** Direct calls of the addon with arguments of wrong kinds and sizes: it must throw, and neither panic nor end the process. */
export async function addon(): Promise<FuzzTarget> {
  const { folder, remove } = await scratchFolder();
  const native: Addon = loadAddon();
  const task = (): InstanceType<Addon["Task"]> => new native.Task();
  const a = tinyArchitecture({
    layers: 1,
    d: 8,
    heads: 2,
    kvHeads: 1,
    headWidth: 4,
    ff: 8,
    positions: { kind: "rope", base: 10_000, width: 4 },
  });
  writeFileSync(join(folder, "model.gguf"), tinyGguf(a, tinyWeights(a)));
  const plan = await planGguf(join(folder, "model.gguf"));
  const { d, context } = a;
  const [features, k, n] = [16, 3, 4];
  const options = { architecture: JSON.stringify(plan.architecture), files: plan.files, tensors: plan.tensors, dtype: "fast" as const };
  const model = await native.Model.open(options, task());
  const matrix = Float32Array.from({ length: features * d }, (_, i) => ((i * 37) % 17) / 17 - 0.5);
  const weights = { encoder: matrix, encoderBias: new Float32Array(features), decoder: matrix, decoderBias: new Float32Array(d) };
  const shape = { d, features, activation: "topk" as const, k, applyBDecToInput: true };
  const dictionary = await native.Dictionary.create({ ...shape, ...weights }, task());
  const training = {
    d,
    features,
    k,
    seed: 1,
    scale: 1,
    decoderBias: new Float32Array(d),
    encoderScale: 1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    auxCoefficient: 0.1,
    auxK: 2,
    deadAfter: 10,
    freezeDecoder: false,
    architecture: "topk" as const,
    decoderNorm: 1,
    clipNorm: Infinity,
    screen: "exact" as const,
  };
  const trainer = await native.Trainer.create(training, task());
  const state = trainer.state();
  const indexing = { features, top: 2, intervals: 3, perInterval: 1, coactivation: 2, tokens: 2, seed: 1 };
  const rows = Uint16Array.from({ length: n * d }, (_, i) => 0x3f00 + (i % 64));
  const tokens = Int32Array.of(1, 2, 3, 4);
  const site = "blocks.0.hook_resid_post";
  const each = <T extends object>(pick: Pick, object: T): T =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, pick(value as unknown)])) as T;
  const edit = (pick: Pick): never =>
    each(pick, {
      site,
      op: pick("clamp"),
      mask: Uint8Array.of(1, 0, 1, 1),
      vector: new Float32Array(d),
      dictionary,
      feature: 1,
      value: 2,
      maxNorm: 100,
    }) as never;
  const calls: readonly Call[] = [
    (p) => native.logSumExp(p(new Float32Array(5))),
    (p) => native.drawToken(p(Float32Array.of(1, 2)), p(1), p(0.5)),
    (p) => native.topKRows(p(matrix), p(matrix), p(d), p(k), p(task())),
    (p) => native.Model.open(each(p, { ...options, tensors: options.tensors.slice(0, 4).map((one) => each(p, one)) }), p(task())),
    (p) =>
      model.forward(
        each(p, {
          tokens,
          lengths: Int32Array.of(4),
          taps: [each(p, { site, keep: Uint8Array.of(1, 1, 0, 1), values: "bf16" as const })],
          edits: [edit(p)],
          logits: "nll" as const,
          top: 2,
        }),
        p(task()),
      ),
    async (p) => {
      const cache = model.cache(p(2), p(context));
      await model.extend(p(cache), p(tokens), p(Int32Array.of(2, 2)), p([edit(p)]), p(task()));
      cache.truncate(p(1));
      return cache.lengths();
    },
    (p) => model.directEffects(p(new Float32Array(2 * d).fill(1)), p(k), p(task())),
    (p) => native.Dictionary.create(each(p, { ...shape, ...weights }), p(task())),
    (p) => dictionary.encode(p(rows), p(task())),
    (p) => dictionary.reconstruct(p(rows), p(task())),
    (p) => dictionary.evaluate(p(rows), p(new Float32Array(d)), p(task())),
    (p) => native.Trainer.create(each(p, training), p(task())),
    (p) => trainer.step(p(rows), p(Uint32Array.of(0, 1, 2, 3)), p(1e-3), p(0), p(task())),
    (p) => {
      trainer.load(p(state.map((one) => each(p, one))));
      return trainer.weights();
    },
    async (p) => {
      const pca = new native.Pca(p(d));
      await pca.add(p(rows), p(task()));
      return pca.finish(p(2), p(task()));
    },
    async (p) => {
      const indexer = new native.Indexer(each(p, indexing));
      await indexer.add(
        p(dictionary),
        p(rows),
        p(Uint32Array.of(0, 0, 1, 1)),
        p(Uint32Array.of(1, 2, 1, 2)),
        p(Uint32Array.of(5, 6, 7, 8)),
        p(task()),
      );
      return indexer.finish(p(task()));
    },
  ];
  return {
    seeds: calls.map((_, i) => Uint8Array.of(i)),
    arbitrary: fc
      .tuple(
        fc.nat(calls.length - 1),
        fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.noBias(fc.nat(255)) }), { maxLength: 40 }),
      )
      .map(([call, choices]) => Uint8Array.of(call, ...choices)),
    limits: { buffers: 64 * 2 ** 20, cpuMs: 5000 },
    read: async (input) => {
      let at = 1;
      const pick: Pick = (right) => {
        const choice = input[at++] ?? 0;
        return (choice === 0 ? right : instead(right, choice - 1)) as never;
      };
      try {
        await calls[(input[0] ?? 0) % calls.length]?.(pick);
      } catch (error) {
        if (isLexiscopeError(error)) throw error;
        const message = messageOf(error);
        if (/^internal:|panicked|index out of bounds|assertion/i.test(message) || !(error instanceof Error)) throw error;
        throw new LexiscopeError("invalid_input", message);
      }
    },
    close: remove,
  };
}
