// Generation beside llama.cpp through node-llama-cpp with its prebuilt CPU binary: node bench/peers/llama-cpp.ts FOLDER [rounds]
// FOLDER holds node_modules with the peer, which is no dependency of ours:
//   npm install --prefix FOLDER --ignore-scripts --omit=optional node-llama-cpp@3.22.1 @node-llama-cpp/linux-x64@3.22.1
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { median, printTable } from "../server/support.ts";
import { decodeRounds, openBuiltIn, promptIds } from "../generation/decode.ts";

const [folder, rounds = "9"] = process.argv.slice(2);
if (folder === undefined) throw new Error("name the folder that holds node_modules/node-llama-cpp");
const [promptTokens, tokens] = [100, 64];

/** What of node-llama-cpp 3.22 is used here. */
interface Peer {
  LlamaLogLevel: { error: string };
  getLlama(options: Record<string, unknown>): Promise<{
    loadModel(options: { modelPath: string }): Promise<{
      createContext(options: { contextSize: number; threads: number }): Promise<{ getSequence(): PeerSequence; currentThreads: number }>;
    }>;
    maxThreads: number;
  }>;
}
interface PeerSequence {
  clearHistory(): Promise<void>;
  evaluate(tokens: readonly number[], options: { temperature: number }): AsyncGenerator<number, void, void>;
}

const model = await openBuiltIn();
const ids = promptIds(model, promptTokens);
const threads = model.cpu.threads;
const entry = createRequire(join(resolve(folder), "package.json")).resolve("node-llama-cpp");
const { getLlama, LlamaLogLevel } = (await import(pathToFileURL(entry).href)) as Peer;
const llama = await getLlama({
  gpu: false,
  build: "never",
  skipDownload: true,
  maxThreads: threads,
  logLevel: LlamaLogLevel.error,
  progressLogs: false,
});
const loaded = await llama.loadModel({ modelPath: model.file });

interface Answer {
  /** Of `tokens` − 1 steps behind the first. */
  seconds: number;
  ids: number[];
}

async function peer(withThreads: number): Promise<() => Promise<Answer>> {
  const sequence = (await loaded.createContext({ contextSize: 256, threads: withThreads })).getSequence();
  return async () => {
    await sequence.clearHistory();
    const found: number[] = [];
    let first = 0;
    for await (const id of sequence.evaluate(ids, { temperature: 0 })) {
      if (found.push(id) === 1) first = performance.now();
      if (found.length === tokens) break;
    }
    return { seconds: (performance.now() - first) / 1000, ids: found };
  };
}

const ours = (): Promise<Answer> => decodeRounds(model, ids, tokens);
// Threads that wait by spinning can lose more than they gain on a machine with few cores: the peer may have one as well.
const peers = await Promise.all(
  [...new Set([1, threads])].map(async (count) => ({ count, run: await peer(count), seconds: [] as number[], shares: [] as number[] })),
);
const expected = (await ours()).ids;
const agreed: number[] = [];
for (const { run } of peers) {
  const { ids: found } = await run();
  const other = expected.findIndex((id, i) => id !== found[i]);
  agreed.push(other < 0 ? tokens : other);
}
const own: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  for (const { run, seconds, shares } of peers) {
    const mine = (await ours()).seconds;
    const theirs = (await run()).seconds;
    own.push(mine);
    seconds.push(theirs);
    shares.push(theirs / mine);
  }
}
const rate = (seconds: readonly number[]): number => median(seconds.map((each) => (tokens - 1) / each));
console.log(`${model.cpu.path}, ${promptTokens} prompt tokens, ${tokens} tokens greedy, ${rounds} pairs`);
console.log(`the same tokens: ${Math.min(...agreed)} of ${tokens}`);
printTable(
  ["generation, one stream", "tokens/s", "lexiscope is times as fast"],
  [
    [`lexiscope, ${threads} threads`, rate(own), ""],
    ...peers.map(({ count, seconds, shares }) => [`llama.cpp, ${count} thread${count > 1 ? "s" : ""}`, rate(seconds), median(shares)]),
  ],
);
process.exit(0);
