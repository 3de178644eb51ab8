import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isLexiscopeError, sha256 } from "@lexiscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fetchFromHub } from "./fetch-model.ts";
import type { Mood } from "./testing/hub-server.ts";
import { commit, impatient, useHubWorld } from "./testing/hub-world.ts";

const world = useHubWorld();

/** What may happen to one request for a file's bytes, or to the process that asks. */
const trouble = fc.oneof(
  { weight: 4, arbitrary: fc.record({ cutAfter: fc.nat(60_000) }) },
  fc.record({ cutAfter: fc.nat(60_000), ignoreRange: fc.constant(true) }),
  fc.record({ cutAfter: fc.nat(60_000), spoil: fc.constant(true) }),
  fc.record({ status: fc.constantFrom(500, 503, 416, 403, 429) }),
  fc.record({ tooMuch: fc.constant(true) }),
  fc.record({ stop: fc.nat(30) }),
);

test("whatever breaks, and however often: the last bytes are the hub's", async () => {
  const ref = { repo: "org/tiny", revision: undefined, file: undefined, quant: undefined };
  await fc.assert(
    fc.asyncProperty(fc.array(trouble, { maxLength: 12 }), async (troubles) => {
      await rm(join(world.home, "hf"), { recursive: true, force: true });
      const left: (Mood & { stop?: number })[] = [...troubles];
      let stop = new AbortController();
      world.hub.mood = (): Mood => {
        const next = left.shift() ?? {};
        const { stop: stopAfter, ...mood } = next;
        if (stopAfter === undefined) return mood;
        setTimeout(() => stop.abort(), stopAfter);
        return { slowMs: 5 };
      };
      for (let tries = 0; ; tries++) {
        expect(tries).toBeLessThanOrEqual(troubles.length);
        stop = new AbortController();
        try {
          await fetchFromHub("org/tiny", ref, { patience: impatient, signal: stop.signal });
          break;
        } catch (error) {
          if (!isLexiscopeError(error) || error.code === "internal" || (error.hint === undefined && error.code !== "aborted")) throw error;
        }
      }
      for (const [name, content] of Object.entries(world.files))
        expect(sha256(await readFile(join(world.cache, "snapshots", commit, name))), name).toBe(sha256(content));
    }),
    { numRuns: 40, interruptAfterTimeLimit: 45_000, markInterruptAsFailure: true },
  );
});
