import type { BenchResult, BenchRow } from "@lexiscope/contract";
import { LexiscopeError, shelf } from "@lexiscope/core";
import { loadAddon, withTask } from "@lexiscope/native";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { besideRows } from "../bench/beside-rows.ts";
import { generationRow, harvestRow } from "../bench/model-rows.ts";
import { type Peer, startPeer } from "../bench/peer.ts";
import { reluRows } from "../bench/relu-row.ts";
import { stepRow } from "../bench/step-row.ts";
import { type AnyCommand, createCommand } from "../command.ts";
import { type CommandContext, runCommand } from "../context.ts";
import { defaultModel, openModelFor } from "../look/session.ts";
import { formatCount, formatTable } from "../text.ts";

/** Blocks that run for "layer 15". */
const blocks = 16;
const budgetSeconds = 8;

export function benchCommand(): AnyCommand {
  return createCommand("bench", "Measure the training step, the harvest and generation beside this machine's limits, and peers.", [
    ["within a minute, without peers", "lexiscope bench"],
    ["beside PyTorch and Transformers, in turn", "lexiscope bench --peers --python ~/venv/bin/python --json"],
    ["beside SAELens, too", "lexiscope bench --peers --python ~/venv/bin/python --sae-python ~/sae/bin/python"],
  ])
    .option("--model <ref>", "built-in name, GGUF file or folder", defaultModel)
    .option("--peers", "run PyTorch's and Transformers' equivalents in turn with ours (minutes)")
    .option("--python <path>", "a Python with torch, transformers, accelerate and gguf (default: LEXISCOPE_PYTHON)")
    .option(
      "--sae-python <path>",
      "a Python with sae-lens, for its training steps (default: LEXISCOPE_SAE_PYTHON; without one they are left out)",
    )
    .action((options) =>
      runCommand(options, async (context) => {
        const { out, signal } = context;
        const python = options.peers ? (options.python ?? process.env["LEXISCOPE_PYTHON"]) : undefined;
        if (options.peers && !python)
          throw new LexiscopeError("invalid_input", "no Python was named for the peers", {
            field: "--python",
            hint: "give --python PATH or set LEXISCOPE_PYTHON to a Python with torch, transformers, accelerate and gguf",
          });
        const addon = loadAddon();
        const cpu = await withTask(signal, async () => addon.cpu());
        const model = await openModelFor(context, options.model, "fast");
        const probe = await out.during(
          "probe",
          withTask(signal, () => addon.probe()),
        );
        const rows: BenchRow[] = [
          { name: "register-only products, fast path", value: probe.fastGflops, unit: "GFLOP/s", limit: null, shareOfLimit: null },
          { name: "register-only products, f32", value: probe.exactGflops, unit: "GFLOP/s", limit: null, shareOfLimit: null },
          { name: "memory read", value: probe.bandwidthGBs, unit: "GB/s", limit: null, shareOfLimit: null },
        ];
        const withPeer = async (
          script: string,
          args: string[],
          row: (peer: Peer | undefined) => Promise<BenchRow | BenchRow[]>,
          of = python,
        ): Promise<void> => {
          const peer = of ? await out.during(`start ${script}`, startPeer(of, script, args, signal)) : undefined;
          try {
            rows.push(...[await out.during(script.replace(/_|\.py/g, " ").trim(), row(peer))].flat());
          } finally {
            peer?.close();
          }
        };
        const gguf = await ggufOf(options.model);
        const threads = ["--threads", String(cpu.threads)];
        const saePython = options.peers ? (options.saePython ?? process.env["LEXISCOPE_SAE_PYTHON"]) : undefined;
        await withPeer("topk_step.py", threads, (peer) => stepRow(budgetSeconds, peer, signal));
        if (saePython)
          await withPeer(
            "saelens_step.py",
            [...threads, "--architecture", "topk"],
            (peer) => stepRow(budgetSeconds, peer, signal),
            saePython,
          );
        const l1 = (peer: Peer | undefined): Promise<BenchRow[]> => reluRows(budgetSeconds, peer, signal);
        if (saePython) await withPeer("saelens_step.py", [...threads, "--architecture", "standard"], l1, saePython);
        else if (options.peers) rows.push(...(await out.during("relu step", l1(undefined))));
        for (const dtype of python && gguf ? ["f32", "bf16"] : [""]) {
          const peerArgs = ["--threads", String(cpu.threads), "--gguf", gguf ?? "", "--dtype", dtype, "--blocks", String(blocks)];
          if (dtype === "") rows.push(await out.during("harvest", harvestRow(model, blocks, budgetSeconds, undefined, signal)));
          else await withPeer("transformers_prefix.py", peerArgs, (peer) => harvestRow(model, blocks, budgetSeconds, peer, signal));
        }
        rows.push(await out.during("generation", generationRow(model, budgetSeconds, signal)));
        rows.push(...(await out.during("chat beside plain", besideRows(model, budgetSeconds, signal))));
        show(context, { machine: `${cpu.model}, ${cpu.threads} threads`, cpuPath: cpu.path, rows });
      }),
    );
}

function show({ out, colors }: CommandContext, result: BenchResult): void {
  out.print(`${result.machine}, CPU path ${colors.bold(result.cpuPath)}`);
  const lines = result.rows.map(({ name, value, unit, limit, shareOfLimit, peer, ratio }) => [
    name,
    formatCount(Number(value.toPrecision(3))),
    unit,
    limit === null || shareOfLimit === null ? "" : `${(shareOfLimit * 100).toFixed(0)} % of ${formatCount(Number(limit.toPrecision(3)))}`,
    peer && ratio ? `${colors.bold(`${ratio.toFixed(1)}×`)} ${peer.name} (${formatCount(Number(peer.value.toPrecision(3)))})` : "",
  ]);
  out.print(formatTable([["", "", "", colors.dim("of the limit"), colors.dim("beside the peer")], ...lines], [1]));
  out.result(result);
}

/** The GGUF file behind a model's name, which the peers open too. */
async function ggufOf(ref: string): Promise<string | undefined> {
  if (ref.endsWith(".gguf")) return ref;
  const names = await readdir(shelf("models"), { recursive: true }).catch(() => []);
  const name = names.find((path) => path.endsWith(".gguf") && path.toLowerCase().includes(ref.split("-")[0] ?? ref));
  return name === undefined ? undefined : join(shelf("models"), name);
}
