import type { Job, Metrics, TrainResult } from "@lexiscope/contract";
import { splitCommandLine } from "@lexiscope/contract/job-command";
import { sparsityText } from "@lexiscope/contract/sparsity";
import { formatBytes, formatCount, formatNumber, formatSeconds } from "../../parts/format.ts";

/** The numbers of a trained dictionary, wherever a command's result holds them; null when it trained none. */
export function numbersOf(result: unknown): TrainResult | null {
  if (isObject(result) && isObject(result["metrics"]) && isObject(result["baselines"])) return result as unknown as TrainResult;
  return isObject(result) && "numbers" in result ? numbersOf(result["numbers"]) : null;
}

/** The name of what lies at a path. */
export function shelfName(path: unknown): string | null {
  return typeof path === "string" ? (path.split(/[/\\]/).findLast((part) => part !== "") ?? null) : null;
}

/** The atlas that a finished `start` or `index` made. */
export function atlasOf(kind: string, result: unknown): string | null {
  if (!isObject(result)) return null;
  return kind === "start" ? shelfName(result["atlas"]) : kind === "index" ? shelfName(result["path"]) : null;
}

/** The atlas that the latest `index` of a training's dictionary made; null when none did since. `jobs`: newest first. */
export function atlasIndexedFrom(
  training: Pick<Job, "created" | "result">,
  jobs: readonly Pick<Job, "kind" | "state" | "command" | "created" | "result">[],
): string | null {
  const dictionary = isObject(training.result) ? shelfName(training.result["path"]) : null;
  const made = jobs.find(
    ({ kind, state, command, created }) =>
      // An earlier one is of another dictionary that had this name.
      kind === "index" && state === "done" && created > training.created && shelfName(options(command).get("dictionary")) === dictionary,
  );
  return made ? atlasOf(made.kind, made.result) : null;
}

/** What a finished run reached, in a few words. */
export function resultSummary(kind: string, result: unknown): string {
  const numbers = numbersOf(result);
  if (numbers) {
    const { metrics, features, seconds } = numbers;
    return `${formatCount(features)} features, ${sparsityText(numbers)} · FVU ${formatNumber(metrics.fvu)} · trained in ${formatSeconds(seconds)}`;
  }
  if (!isObject(result)) return "";
  const count = (name: string): string => (typeof result[name] === "number" ? formatCount(result[name]) : "?");
  const seconds = typeof result["seconds"] === "number" ? ` · ${formatSeconds(result["seconds"])}` : "";
  if (kind === "harvest") return `${count("tokens")} tokens · ${formatBytes(Number(result["bytes"]))}${seconds}`;
  if (kind === "index") return `${count("alive")} of ${count("features")} features alive · ${count("tokens")} tokens${seconds}`;
  return "";
}

/** Rows of the table of numbers: the dictionary beside what is easy to reach. */
export function numberRows({
  metrics,
  baselines,
  dead,
  features,
}: TrainResult): { term: "fvu" | "deltaCe" | "l0" | "dead"; own: number | null; random: number | null; pca: number | null }[] {
  const of = (read: (metrics: Metrics) => number | null): { own: number | null; random: number | null; pca: number | null } => ({
    own: read(metrics),
    random: baselines.random && read(baselines.random),
    pca: baselines.pca && read(baselines.pca),
  });
  return [
    { term: "fvu", ...of(({ fvu }) => fvu) },
    { term: "deltaCe", ...of(({ deltaCe }) => deltaCe) },
    { term: "l0", ...of(({ l0 }) => l0) },
    { term: "dead", own: dead.count / Math.max(1, features), random: null, pca: null },
  ];
}

/** Options of two command lines that differ; null where one does not name it. */
export function commandDifferences(a: string, b: string): { option: string; a: string | null; b: string | null }[] {
  const [left, right] = [options(a), options(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((option) => ({ option, a: left.get(option) ?? null, b: right.get(option) ?? null }))
    .filter((row) => row.a !== row.b);
}

function options(line: string): Map<string, string> {
  const [, command = "", ...words] = splitCommandLine(line);
  const found = new Map([["command", command]]);
  const add = (name: string, value: string): void => {
    const before = found.get(name);
    found.set(name, before === undefined ? value : `${before}, ${value}`);
  };
  for (const [i, word] of words.entries()) {
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) continue;
    const next = words[i + 1];
    add(name, value ?? (next === undefined || next.startsWith("--") ? "on" : next));
  }
  return found;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
