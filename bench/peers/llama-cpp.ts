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
const sequence = (await loaded.createContext({ contextSize: 256, threads })).getSequence();

/** Seconds of `tokens` − 1 steps behind the first, and the ids. */
async function theirs(): Promise<{ seconds: number; ids: number[] }> {
  await sequence.clearHistory();
  const found: number[] = [];
  let first = 0;
  for await (const id of sequence.evaluate(ids, { temperature: 0 })) {
    if (found.push(id) === 1) first = performance.now();
    if (found.length === tokens) break;
  }
  return { seconds: (performance.now() - first) / 1000, ids: found };
}

const ours = (): Promise<{ seconds: number; ids: number[] }> => decodeRounds(model, ids, tokens);
const agreed = [await ours(), await theirs()].map((each) => each.ids);
const same = agreed[0]?.findIndex((id, i) => id !== agreed[1]?.[i]) ?? 0;
const pairs: { ours: number; theirs: number }[] = [];
for (let round = 0; round < Number(rounds); round++) pairs.push({ ours: (await ours()).seconds, theirs: (await theirs()).seconds });
const rate = (who: "ours" | "theirs"): number => median(pairs.map((pair) => (tokens - 1) / pair[who]));
const ratio = median(pairs.map((pair) => pair.theirs / pair.ours));
console.log(`${model.cpu.path}, ${threads} threads each, ${promptTokens} prompt tokens, ${tokens} tokens greedy, ${pairs.length} pairs`);
console.log(same < 0 ? "the same tokens" : `the same tokens up to the ${same + 1}th`);
printTable(
  ["generation, one stream", "tokens/s", "of llama.cpp"],
  [
    ["lexiscope", rate("ours"), ratio],
    ["llama.cpp (node-llama-cpp)", rate("theirs"), ""],
  ],
);
process.exit(0);
