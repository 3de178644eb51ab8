// Generation in one process, what a second stream and edits cost: node bench/generation/generation.ts [rounds]
// One plain stream is timed in every round beside each of the others; shares are medians of these pairs.
import { randomDictionary } from "@lexiscope/cli/bench";
import { loadAddon } from "@lexiscope/native";
import type { Edit } from "@lexiscope/steering";
import { median, printTable } from "../server/support.ts";
import { decodeRounds, openBuiltIn, promptIds } from "./decode.ts";

const rounds = Number(process.argv[2] ?? 11);
const [promptTokens, tokens] = [100, 64];
const edit = (op: "add" | "clamp"): Edit => ({ op, feature: 1, value: 0.1, unit: "norm", positions: "all" });

const model = await openBuiltIn();
const ids = promptIds(model, promptTokens);
const { signal } = new AbortController();
const text = model.tokenizer.decode(ids);
const small = await randomDictionary(model, text, 4096, signal);
const large = await randomDictionary(model, text, 16_384, signal);
const ways = [
  { name: "two plain streams", variants: [[], []] },
  { name: "add", variants: [[edit("add")]], atlas: small },
  { name: "clamp, 4,096 features", variants: [[edit("clamp")]], atlas: small },
  { name: "clamp, 16,384 features", variants: [[edit("clamp")]], atlas: large },
  { name: "plain beside clamp, 4,096 features", variants: [[], [edit("clamp")]], atlas: small },
  { name: "plain beside clamp, 16,384 features", variants: [[], [edit("clamp")]], atlas: large },
].map((way) => ({ ...way, seconds: [] as number[], shares: [] as number[] }));

const alone: number[] = [];
const limits: number[] = [];
for (let round = -1; round < rounds; round++) {
  const { bandwidthGBs } = await loadAddon().probe();
  for (const way of ways) {
    const before = (await decodeRounds(model, ids, tokens)).seconds;
    const { seconds } = await decodeRounds(model, ids, tokens, way);
    const after = (await decodeRounds(model, ids, tokens)).seconds;
    if (round < 0) continue; // the first round warms caches and clocks
    alone.push(before, after);
    limits.push((bandwidthGBs * 1e9) / model.native.decodeBytes);
    way.seconds.push(seconds);
    way.shares.push((before + after) / 2 / seconds);
  }
}
const rate = (seconds: readonly number[]): number => median(seconds.map((each) => (tokens - 1) / each));
console.log(
  `${model.cpu.path}, ${model.cpu.threads} threads, ${promptTokens} prompt tokens, ${tokens} tokens greedy, ${rounds} rounds; ` +
    `a step reads ${(model.native.decodeBytes / 1e6).toFixed(1)} MB of weights`,
);
printTable(
  ["generation in process", "tokens/s each", "of one stream", "of the bandwidth limit"],
  [
    ["one stream", rate(alone), "", rate(alone) / median(limits)],
    ...ways.map(({ name, seconds, shares }) => [name, rate(seconds), median(shares), ""]),
  ],
);
