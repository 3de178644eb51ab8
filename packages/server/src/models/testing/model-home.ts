import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { harvest, type TextSource } from "@lexiscope/activations";
import { tinyTexts, writeTinyModel } from "@lexiscope/activations/testing";
import { buildAtlas } from "@lexiscope/atlas";
import { finish, isLexiscopeError } from "@lexiscope/core";
import { train, trainConfig } from "@lexiscope/dictionary";
import { builtInModel, fetchBuiltIn, openModel } from "@lexiscope/model";
import { pino } from "pino";
import { afterAll, vi } from "vitest";
import { ModelPool, type ModelPoolOptions } from "../pool.ts";

/** The built-in model's file, or why tests that need it are skipped. */
export async function builtInForTests(): Promise<{ path?: string; skipped?: string }> {
  try {
    return { path: await fetchBuiltIn() };
  } catch (error) {
    if (isLexiscopeError(error) && error.code === "environment") return { skipped: `skipped: ${error.message}` };
    throw error;
  }
}

/** An atlas as jobs name it. */
export interface HomeAtlas {
  name: string;
  path: string;
}

export interface ModelHome {
  home: string;
  /** Of the tiny model `tiny`. */
  tiny: HomeAtlas;
  /** Of the built-in model; absent where that is not at hand. */
  small: HomeAtlas | undefined;
}

/**
 * A home whose shelves hold a tiny random model and a real atlas of it; with the built-in model's file also that one and
 * a small atlas of it. `LEXISCOPE_HOME` names it until the tests of the file have run.
 */
export async function makeModelHome(builtIn?: string): Promise<ModelHome> {
  const home = await mkdtemp(join(tmpdir(), "lexiscope-server-"));
  afterAll(() => rm(home, { recursive: true, force: true }));
  vi.stubEnv("LEXISCOPE_HOME", home);
  await mkdir(join(home, "models"), { recursive: true });
  const tiny = await makeAtlas(home, "tiny", await writeTinyModel(join(home, "models", "tiny")), "blocks.0.hook_resid_post");
  if (builtIn === undefined) return { home, tiny, small: undefined };
  await symlink(dirname(builtIn), join(home, "models", builtInModel.name));
  return { home, tiny, small: await makeAtlas(home, "small", builtInModel.name, "blocks.5.hook_resid_post") };
}

async function makeAtlas(home: string, name: string, ref: string, site: string): Promise<HomeAtlas> {
  const model = await openModel(ref, { dtype: "fast" });
  const source: TextSource = {
    name: "sentences",
    weight: 1,
    licence: undefined,
    async *documents() {
      for (const text of tinyTexts(40)) yield { text, source: "sentences" };
    },
  };
  const store = await finish(
    harvest({ model, sources: [source], sites: [site], out: name, tokens: 4000, context: 64, contextsPerShard: 50 }),
  );
  const config = trainConfig(
    "short",
    { features: 64, k: 6, steps: 40, batch: 256 },
    { d: model.architecture.d, trainRows: store.manifest.rows },
  );
  const dictionary = await finish(train({ store, out: name, config }));
  const atlas = await finish(buildAtlas({ store, dictionary, model, out: name }));
  atlas.close();
  return { name, path: join(home, "atlases", name) };
}

/** A pool that is closed, and its processes ended, when the tests of the file have run. */
export function openPool(options: Partial<ModelPoolOptions> = {}): ModelPool {
  const pool = new ModelPool({ logger: pino({ level: "silent" }), offline: true, ...options });
  afterAll(() => pool.close());
  return pool;
}
