import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createRandom, sha256 } from "@lexiscope/core";
import { expect, test } from "vitest";
import { resolveModel } from "../resolve-model.ts";
import { findCachedModel } from "./cache.ts";
import { bytesHere } from "./transfer.ts";
import { commit, useHubWorld } from "./testing/hub-world.ts";

const world = useHubWorld();
/** The issue asks for 200; `LEXISCOPE_KILLS=200` does as many. */
const kills = Number(process.env["LEXISCOPE_KILLS"] ?? 4);

test(
  `kill -9 at ${kills} random moments of a download: nothing that came is fetched twice, and the bytes are the hub's`,
  { timeout: 60_000 + kills * 3000 },
  async () => {
    const random = createRandom(kills);
    const sizes = Object.entries(world.files).filter(([name]) => name.endsWith(".safetensors"));
    const kept = async (): Promise<number> => {
      let bytes = 0;
      for (const [, content] of sizes) bytes += await bytesHere(join(world.cache, "blobs", sha256(content)), content.length);
      return bytes;
    };
    world.hub.mood = () => ({ slowMs: 15 });
    let before = 0;
    for (let i = 0; i < kills; i++) {
      const killed = spawn(process.execPath, [fileURLToPath(new URL("testing/fetch-child.ts", import.meta.url)), "org/tiny"], {
        stdio: "ignore",
      });
      const asked = world.hub.requests.length;
      while (world.hub.requests.length === asked && killed.exitCode === null) await sleep(5);
      await sleep(random.next() * 500);
      killed.kill("SIGKILL");
      if (killed.exitCode === null && killed.signalCode === null) await once(killed, "exit");
      const now = await kept();
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
      if ((await findCachedModel("org/tiny")).kind === undefined) continue;
      await rm(world.cache, { recursive: true }); // whole before all kills were made: once more from the start
      before = 0;
    }
    world.hub.mood = () => ({});
    world.hub.served.length = 0;
    const place = await resolveModel("org/tiny");
    const total = sizes.reduce((sum, [, content]) => sum + content.length, 0);
    const sent = world.hub.served.filter(({ path }) => path.endsWith(".safetensors")).reduce((sum, served) => sum + served.sent, 0);
    expect(sent).toBe(total - before);
    expect(place.path).toBe(join(world.cache, "snapshots", commit));
    expect((await readdir(place.path)).toSorted()).toEqual(Object.keys(world.files).toSorted());
    for (const [name, content] of Object.entries(world.files))
      expect(sha256(await readFile(join(place.path, name))), name).toBe(sha256(content));
    expect((await readdir(join(world.cache, "blobs"))).filter((name) => name.includes("incomplete"))).toEqual([]);
  },
);
