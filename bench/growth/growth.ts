// How cost grows: node bench/growth/growth.ts [features] [threads] [context] [tokens] [--scratch DIR] [--most-tokens 10000000]
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { printTable } from "../server/support.ts";
import { chain, type Ran } from "./chain.ts";
import type { Measured, Work } from "./work.ts";

const options = { scratch: { type: "string", default: tmpdir() }, "most-tokens": { type: "string", default: "10000000" } } as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const asked = new Set(positionals.length > 0 ? positionals : ["features", "threads", "context", "tokens"]);
const execute = promisify(execFile);
const script = fileURLToPath(new URL("./work.ts", import.meta.url));

async function measured(work: Work, threads?: number): Promise<Measured> {
  const env = { ...process.env, ...(threads === undefined ? {} : { LEXISCOPE_THREADS: String(threads) }) };
  const { stdout } = await execute(process.execPath, [script, JSON.stringify(work)], { env });
  return JSON.parse(stdout) as Measured;
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const cells = ({ tokensPerSecond, shareOfLimit, peakMB }: Measured): (string | number)[] => [
  tokensPerSecond,
  percent(shareOfLimit),
  peakMB,
];

const { cpuPath, threads } = await measured({ work: "step", features: 1024 });
console.log(`CPU path ${cpuPath}, ${threads} threads unless said; d 576, k 32, batch 4,096; MB: the process's largest resident memory`);

if (asked.has("features")) {
  const rows = [];
  for (const features of [4096, 16_384, 65_536, 262_144]) {
    const [step, index] = [await measured({ work: "step", features }), await measured({ work: "index", features })];
    rows.push([String(features), ...cells(step), ...cells(index)]);
  }
  printTable(["features", "step, tokens/s", "of limit", "MB", "index, tokens/s", "of limit", "MB"], rows);
}

if (asked.has("threads")) {
  const works: [string, Work][] = [
    ["step, F 16,384", { work: "step", features: 16_384 }],
    ["index, F 16,384", { work: "index", features: 16_384 }],
    ["harvest to block 15, context 256", { work: "harvest", context: 256 }],
    ["generation after 64 tokens", { work: "generation", context: 64 }],
  ];
  const rows = [];
  for (const [name, work] of works) {
    const [one, two] = [await measured(work, 1), await measured(work, 2)];
    rows.push([name, one.tokensPerSecond, two.tokensPerSecond, (two.tokensPerSecond / one.tokensPerSecond).toFixed(2)]);
  }
  printTable(["tokens/s", "1 thread", "2 threads", "ratio"], rows);
}

if (asked.has("context")) {
  const rows = [];
  for (const context of [64, 128, 256, 512, 1024, 2048]) {
    const harvest = await measured({ work: "harvest", context });
    const generation = await measured({ work: "generation", context: Math.min(context, 2048) });
    rows.push([String(context), ...cells(harvest), generation.tokensPerSecond, percent(generation.shareOfLimit)]);
  }
  printTable(["context", "harvest, tokens/s", "of limit", "MB", "generation after it, tokens/s", "of limit"], rows);
}

if (asked.has("tokens")) {
  const rows = [];
  const cell = ({ seconds, peakMB }: Ran): string[] => [seconds.toFixed(1), String(peakMB)];
  for (let tokens = 100_000; tokens <= Number(values["most-tokens"]); tokens *= 10) {
    const { harvest, train, index } = await chain(tokens, 4096, values.scratch);
    rows.push([String(tokens), ...cell(harvest), ...cell(train), ...cell(index)]);
  }
  printTable(["tokens", "harvest (block 0), s", "MB", "train (F 4,096), s", "MB", "index, s", "MB"], rows);
}
