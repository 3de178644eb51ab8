/**
 * A process like a long command with `--json`, run by tests: `train --json --lines N --every MS --end HOW`. It goes on
 * where the file `done` in its folder says that it was, and keeps that up to date. HOW:
 * result, error, crash, deaf (goes on through Ctrl-C), stubborn (through SIGTERM too, with a process of its own beside it).
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

const text = { type: "string" } as const;
const { values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean" }, lines: text, every: text, end: text, title: text, half: { type: "boolean" } },
});
const [lines, every, end] = [Number(values.lines ?? 10), Number(values.every ?? 20), values.end ?? "result"];
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

let stopped = false;
const goesOn = end === "deaf" || end === "stubborn";
process.on("SIGINT", () => {
  process.stderr.write("SIGINT\n");
  stopped = !goesOn;
});
if (end === "stubborn") {
  process.on("SIGTERM", () => {});
  say({ type: "note", message: String(spawn("sleep", ["60"], { stdio: "ignore" }).pid) });
}

let done = 0;
try {
  done = Number(readFileSync("done", "utf8"));
} catch {
  // the first sitting
}
for (; done < lines && !stopped; await sleep(every)) {
  done++;
  const metrics = { loss: 1 / done, step: done };
  say({ type: "progress", phase: "train", done, total: lines, unit: "steps", rate: 50, metrics, at: Date.now() });
  writeFileSync("done", String(done));
}
if (values.half) process.stdout.write('{"type":"progress","pha');
if (stopped) {
  say({ type: "error", code: "aborted", message: `stopped at ${done}`, hint: "again" });
  process.exitCode = 130;
} else if (goesOn) {
  for (;;) await sleep(1000);
} else if (end === "error") {
  say({ type: "error", code: "bad_file", message: "the store is damaged", file: "x" });
} else if (end === "crash") {
  throw new Error("out of luck");
} else {
  say({ path: process.env["LEXISCOPE_HOME"], nice: process.env["LEXISCOPE_NICE"], offline: process.env["LEXISCOPE_OFFLINE"], steps: done });
}
