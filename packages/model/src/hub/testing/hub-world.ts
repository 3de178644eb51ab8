import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, vi } from "vitest";
import { tinyArchitecture, tinyGguf, tinyWeights, writeTinyFolder } from "../../tiny-model.fixture.ts";
import { startHub, type HubRepository, type HubServer } from "./hub-server.ts";
import type { Patience } from "../request.ts";

export const commit = "0123456789abcdef0123456789abcdef01234567";
export const secret = "hf_secretOfTheTests";
/** No pauses: what is tested is what happens, not how long it takes. */
export const impatient: Patience = { pausesMs: [0, 0, 0], silenceMs: 2000 };

export interface HubWorld {
  /** Made anew for each test: HF_HOME, LEXISCOPE_HOME and HF_ENDPOINT point into it. */
  home: string;
  hub: HubServer;
  files: Record<string, Uint8Array>;
  gguf: Uint8Array;
  /** The folder of org/tiny in the cache. */
  cache: string;
}

/** A hub with `org/tiny` (two shards), `org/tiny-GGUF` (two files), a private and a gated repository; an empty cache for each test. */
export function useHubWorld(): HubWorld {
  const world = { home: "", cache: "", files: {}, gguf: new Uint8Array() } as HubWorld;
  let repositories: HubRepository[] = [];
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "lexiscope-"));
    const a = tinyArchitecture();
    await writeTinyFolder(folder, a, tinyWeights(a), { shards: 2 });
    for (const name of await readdir(folder)) world.files[name] = await readFile(join(folder, name));
    await rm(folder, { recursive: true });
    world.gguf = tinyGguf(a, tinyWeights(a));
    const clutter = { "README.md": Buffer.from("# Tiny"), "pytorch_model.bin": Buffer.alloc(1000), "onnx/model.onnx": Buffer.alloc(1000) };
    const ggufs = {
      "tiny-F32.gguf": world.gguf,
      "more/tiny-Q8_0.gguf": world.gguf,
      "tiny-F16.gguf": Buffer.from("another"),
      "config.json": Buffer.from("{}"),
    };
    repositories = [
      { name: "org/tiny", commit, files: { ...world.files, ...clutter } },
      { name: "org/tiny-GGUF", commit, files: ggufs },
      { name: "org/private", commit, files: world.files, token: secret },
      { name: "org/gated", commit, files: world.files, gated: true },
    ];
  });
  beforeEach(async () => {
    world.home = await mkdtemp(join(tmpdir(), "lexiscope-"));
    world.cache = join(world.home, "hf", "hub", "models--org--tiny");
    world.hub = await startHub(repositories);
    for (const name of [
      "HF_HUB_CACHE",
      "HUGGINGFACE_HUB_CACHE",
      "HF_TOKEN",
      "HUGGING_FACE_HUB_TOKEN",
      "HF_TOKEN_PATH",
      "HF_HUB_OFFLINE",
      "TRANSFORMERS_OFFLINE",
      "LEXISCOPE_OFFLINE",
    ])
      vi.stubEnv(name, "");
    vi.stubEnv("LEXISCOPE_HOME", world.home);
    vi.stubEnv("HF_HOME", join(world.home, "hf"));
    vi.stubEnv("HF_ENDPOINT", world.hub.endpoint);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await world.hub.close();
    await rm(world.home, { recursive: true, force: true });
  });
  return world;
}
