import { join } from "node:path";
import { vi } from "vitest";
import { harvest, type TextSource } from "@lexiscope/activations";
import { temporaryFolder, tinyTexts, writeTinyModel } from "@lexiscope/activations/testing";
import { buildAtlas } from "@lexiscope/atlas";
import { finish } from "@lexiscope/core";
import { train, trainConfig } from "@lexiscope/dictionary";
import { openModel } from "@lexiscope/model";
import { main } from "../../main.ts";

/** A home whose shelves hold a tiny random model and a real atlas of it, both called `tiny`; `LEXISCOPE_HOME` names it. Takes two seconds. */
export async function makeTinyHome(): Promise<string> {
  const home = await temporaryFolder();
  vi.stubEnv("LEXISCOPE_HOME", home);
  const model = await openModel(await writeTinyModel(join(home, "models", "tiny")), { dtype: "f32" });
  const source: TextSource = {
    name: "sentences",
    weight: 1,
    licence: undefined,
    async *documents() {
      for (const text of tinyTexts(40)) yield { text, source: "sentences" };
    },
  };
  const site = "blocks.0.hook_resid_post";
  const store = await finish(
    harvest({ model, sources: [source], sites: [site], out: "tiny", tokens: 6000, context: 64, contextsPerShard: 50 }),
  );
  const config = trainConfig(
    "short",
    { features: 64, k: 6, steps: 40, batch: 256 },
    { d: model.architecture.d, trainRows: store.manifest.rows },
  );
  const dictionary = await finish(train({ store, out: "tiny", config }));
  (await finish(buildAtlas({ store, dictionary, model, out: "tiny" }))).close();
  return home;
}

export interface CliRun {
  code: number;
  stdout: string;
  stderr: string;
  lines: unknown[];
}

/** Runs the command line in this process; what it prints is caught. */
export async function runCli(...args: string[]): Promise<CliRun> {
  const caught = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((chunk) => {
      caught[name] += String(chunk);
      return true;
    }),
  );
  const before = process.exitCode;
  try {
    process.exitCode = 0;
    await main(args);
    const lines = args.includes("--json")
      ? caught.stdout
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown)
      : [];
    return { code: Number(process.exitCode ?? 0), ...caught, lines };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}
