import { type StartResult, startResultSchema } from "@lexiscope/contract";
import { openAtlas } from "@lexiscope/atlas";
import { lexiscopeHome, readJson, resolveRef, sha256, writeJsonAtomic } from "@lexiscope/core";
import { loadAddon } from "@lexiscope/native";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AnyCommand, createCommand } from "../command.ts";
import { type CommandContext, runCommand } from "../context.ts";
import { openModelFor } from "../look/session.ts";
import { count, several } from "../options.ts";
import { lookAround } from "../start/look.ts";
import { makeAll } from "../start/make.ts";
import { createPhaseClock } from "../start/phases.ts";
import { defaultPlan, type StartPlan } from "../start/plan.ts";
import { startPage } from "../start/page.ts";
import { startReport } from "../start/report.ts";
import { describeDictionary } from "./train.ts";

export function startCommand(): AnyCommand {
  return createCommand("start", "Opens the page and makes what it needs: gets the model and text, learns a small dictionary, indexes it.", [
    ["the page; the first dictionary is learned meanwhile, in a few minutes", "lexiscope start"],
    ["a larger one under another name", "lexiscope start --name second --tokens 2M --features 8192"],
    ["all of it in this terminal, without server and page", "lexiscope start --no-page"],
  ])
    .option("--name <name>", "name of the store, dictionary and atlas that are made", defaultPlan.name)
    .option("--model <ref>", "built-in name, GGUF file or folder", defaultPlan.model)
    .option("--text <ref>", "text to read: built-in, a file or a folder; may be given several times", several)
    .option("--site <site>", "where to read (default: the middle block's hook_resid_post)")
    .option("--tokens <n>", "tokens to read", count("--tokens", { min: 2 }), defaultPlan.tokens)
    .option("--context <n>", "tokens of a context", count("--context", { min: 2, max: 65_536 }), defaultPlan.context)
    .option("--features <n>", "width of the dictionary", count("--features", { max: 2 ** 24 }), defaultPlan.features)
    .option("--k <n>", "features that may be active at a token", count("--k", { max: 4096 }), defaultPlan.k)
    .option("--steps <n>", "training steps (default: what the preset for short runs has)", count("--steps"))
    .option("--port <n>", "port of the page (default: 4873, or the next free one)", count("--port", { min: 0, max: 65_535 }))
    .option("--no-open", "do not open a browser")
    .option("--no-page", "make everything here, report and end: no server, no page")
    .action(({ json, offline, page, port, open, text = [...defaultPlan.text], site, steps, ...plan }) =>
      runCommand({ json, offline }, (context) => {
        const whole = { ...plan, text, site, steps };
        return page ? startPage(context, whole, { port, open, known: () => remembered(whole) }) : start(context, whole);
      }),
    );
}

async function start(context: CommandContext, plan: StartPlan): Promise<void> {
  const { out, colors, signal, onStop } = context;
  onStop("run the same command again; it goes on where it stopped");
  const known = await remembered(plan);
  if (known) {
    (await openAtlas(known.atlas)).close(); // a damaged one is an error, not a memory
    out.print(startReport(known, colors));
    out.print(colors.dim("\nAll of this was made before; nothing was done again."));
    out.result(known);
    return;
  }
  const clock = createPhaseClock();
  for (const [name, seconds] of Object.entries(setupSeconds())) clock.records.push({ name, seconds, peakBytes: null });
  const model = await clock.run("model", async () => {
    const opened = await openModelFor(context, plan.model, "fast");
    await opened.identity(signal);
    return opened;
  });
  const { store, dictionary, atlas } = await makeAll(context, plan, model, clock);
  try {
    const looked = await clock.run("look and steer", () => out.during("look and steer", lookAround(model, atlas, plan.name, signal)));
    const cpu = loadAddon().cpu();
    const result: StartResult = {
      model: await model.identity(signal),
      machine: `${cpu.model}, ${cpu.threads} threads`,
      cpuPath: cpu.path,
      store: store.path,
      dictionary: dictionary.path,
      atlas: atlas.path,
      numbers: describeDictionary(dictionary),
      ...looked,
      phases: clock.records,
    };
    await writeJsonAtomic(reportPath(plan), { ...(await fingerprint(plan)), result });
    out.print(startReport(result, colors));
    out.result(result);
  } finally {
    atlas.close();
  }
}

/** Seconds that set-up took just before; `npm start` tells. */
function setupSeconds(): Record<string, number> {
  const told: unknown = JSON.parse(process.env["LEXISCOPE_SETUP_SECONDS"] ?? "{}");
  return Object.fromEntries(
    Object.entries(told ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === "number" && entry[1] > 0),
  );
}

function reportPath({ name }: StartPlan): string {
  return join(lexiscopeHome(), "start", `${sha256(resolveRef("atlases", name)).slice(0, 16)}.json`);
}

/** What a remembered report stands for: the same plan, and the same manifests as they lie on the shelves. */
async function fingerprint(plan: StartPlan): Promise<{ plan: string; manifests: string }> {
  const manifests = [];
  for (const shelf of ["stores", "dictionaries", "atlases"] as const)
    manifests.push(await readFile(join(resolveRef(shelf, plan.name), "manifest.json")).catch(() => ""));
  return { plan: JSON.stringify(plan), manifests: sha256(manifests.map((text) => sha256(text)).join()) };
}

async function remembered(plan: StartPlan): Promise<StartResult | undefined> {
  const known = await readJson(reportPath(plan)).catch(() => undefined);
  if (typeof known !== "object" || known === null || !("plan" in known && "manifests" in known && "result" in known)) return undefined;
  const now = await fingerprint(plan);
  return known.plan === now.plan && known.manifests === now.manifests ? startResultSchema.safeParse(known.result).data : undefined;
}
