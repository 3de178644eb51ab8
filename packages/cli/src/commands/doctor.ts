import type { DoctorResult } from "@lexiscope/contract";
import { formatBytes, freeBytes, isLexiscopeError, lexiscopeHome, version } from "@lexiscope/core";
import { loadAddon, withTask } from "@lexiscope/native";
import { diskUse } from "@lexiscope/shelves";
import { freemem, totalmem } from "node:os";
import { type AnyCommand, createCommand } from "../command.ts";
import { type CommandContext, runCommand } from "../context.ts";
import { formatTable } from "../text.ts";
import { findTools } from "../tools.ts";

export function doctorCommand(): AnyCommand {
  return createCommand("doctor", "Say what this machine can do, what is missing and how to get it.", [
    ["a look at the machine", "lexiscope doctor"],
    ["the path in force, for a script", "lexiscope doctor --json | tail -1 | jq -r .cpu.path"],
  ]).action((options) => runCommand(options, examine));
}

async function examine({ out, colors }: CommandContext): Promise<void> {
  const home = lexiscopeHome();
  const { cpu, probe, problem } = await probeNative((promise) => out.during("measuring", promise));
  const tools = await findTools();
  const result: DoctorResult = {
    software: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu,
    probe,
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    disk: { home, freeBytes: await freeBytes(home), usedBytes: await diskUse(home) },
    tools,
    ok: cpu !== null && tools.every((tool) => tool.found !== null || !tool.required),
  };
  const rows: string[][] = [
    ["Lexiscope", `${version}, Node ${result.node}, ${result.platform}`],
    ["Processor", cpu ? `${cpu.model}, ${cpu.threads} threads` : colors.red(problem ?? "the native core does not load")],
  ];
  if (cpu) rows.push(["CPU path", `${colors.bold(cpu.path)} (available: ${cpu.available.join(", ")}; LEXISCOPE_CPU forces one)`]);
  if (probe)
    rows.push([
      "Speed reached",
      `${probe.fastGflops.toFixed(0)} GFLOP/s on the fast path, ${probe.exactGflops.toFixed(0)} in f32, ${probe.bandwidthGBs.toFixed(1)} GB/s of memory`,
    ]);
  rows.push(["Memory", `${formatBytes(result.memory.freeBytes)} free of ${formatBytes(result.memory.totalBytes)}`]);
  rows.push(["Disk", `${formatBytes(result.disk.freeBytes)} free; Lexiscope keeps ${formatBytes(result.disk.usedBytes)} in ${home}`]);
  for (const tool of tools) {
    const state =
      tool.found ?? (tool.required ? colors.red(`missing. ${tool.howToGet}`) : colors.yellow(`not found (optional). ${tool.howToGet}`));
    rows.push([tool.name, `${state}  ${colors.dim(`for ${tool.neededFor}`)}`]);
  }
  out.print(formatTable(rows));
  out.print(
    result.ok ? colors.green("Everything that is needed is there.") : colors.red("Something that is needed is missing; see above."),
  );
  out.result(result);
  if (!result.ok) process.exitCode = 7;
}

type Measured = Pick<DoctorResult, "cpu" | "probe"> & { problem?: string };

async function probeNative(during: <T>(promise: Promise<T>) => Promise<T>): Promise<Measured> {
  try {
    // withTask turns the addon's errors, such as a CPU path that is not there, into ours
    const cpu = await withTask(undefined, async () => loadAddon().cpu());
    return { cpu, probe: await during(withTask(undefined, () => loadAddon().probe())) };
  } catch (error) {
    if (!isLexiscopeError(error)) throw error;
    return { cpu: null, probe: null, problem: [error.message, error.hint].filter(Boolean).join(". ") };
  }
}
