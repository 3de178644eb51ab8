import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lexiscope, makeHome, type Run, writeReports } from "./support.ts";

let home: string;
let text: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ home, remove } = await makeHome());
  text = await writeReports(join(home, "reports"), 40);
  expect((await lexiscope(harvest("whole"), { home })).code).toBe(0);
}, 240_000);
afterAll(() => remove());

const harvest = (out: string): string[] => ["harvest", "--text", text, "--tokens", "16k", "--context", "16", "--out", out];
const train = (out: string): string[] => [
  "train",
  "--store",
  "whole",
  "--preset",
  "short",
  "--features",
  "512",
  "--k",
  "8",
  "--steps",
  "400",
  "--batch",
  "512",
  "--checkpoint-every",
  "20",
  "--no-loss",
  "--no-baselines",
  "--dictionary",
  out,
];

/** Runs a command and sends `signal` once its progress is in the middle of `phase`. */
async function stopIn(phase: string, signal: NodeJS.Signals, args: string[]): Promise<Run> {
  let sent = false;
  return lexiscope([...args, "--json"], {
    home,
    onOutput: (output, child) => {
      const line = output
        .trimEnd()
        .split("\n")
        .findLast((l) => l.startsWith('{"type":"progress"') && l.endsWith("}"));
      if (sent || !line) return;
      const event = JSON.parse(line) as { phase: string; done: number; total: number };
      if (event.phase !== phase || event.done === 0 || event.done >= event.total) return;
      sent = true;
      child.kill(signal);
    },
  });
}

/** Name and hash of every file but manifests, whose times differ. */
async function contents(...folder: string[]): Promise<Record<string, string>> {
  const at = join(home, ...folder);
  const hashes: Record<string, string> = {};
  for (const name of (await readdir(at, { recursive: true })).toSorted()) {
    if (!/\.(safetensors|sqlite|gz|bin)$/.test(name)) continue;
    hashes[name] = createHash("sha256")
      .update(await readFile(join(at, name)))
      .digest("hex");
  }
  return hashes;
}

test("Ctrl-C in a harvest stops it with the way on, and the store becomes the same, byte for byte", async () => {
  const stopped = await stopIn("harvest", "SIGINT", harvest("stopped"));
  expect(stopped.code).toBe(130);
  expect(stopped.last()).toMatchObject({
    type: "error",
    code: "aborted",
    message: expect.stringMatching(/^stopped with \d+ of \d+ shards/),
    hint: expect.stringContaining("again"),
  });
  expect((await lexiscope(harvest("stopped"), { home })).code).toBe(0);
  expect(await contents("stores", "stopped")).toEqual(await contents("stores", "whole"));
}, 240_000);

test("kill -9 in a harvest loses nothing that was written", async () => {
  const killed = await stopIn("harvest", "SIGKILL", harvest("killed"));
  expect(killed.signal).toBe("SIGKILL");
  const again = await lexiscope(harvest("killed"), { home });
  expect(again.code, again.stderr).toBe(0);
  expect(await contents("stores", "killed")).toEqual(await contents("stores", "whole"));
}, 240_000);

test("training that was stopped and killed ends in the same weights as unbroken training", async () => {
  expect((await lexiscope(train("unbroken"), { home })).code).toBe(0);
  const stopped = await stopIn("train", "SIGINT", train("broken"));
  expect(stopped.code).toBe(130);
  expect(stopped.last()).toMatchObject({ type: "error", code: "aborted" });
  const killed = await stopIn("train", "SIGKILL", train("broken"));
  expect(killed.signal).toBe("SIGKILL");
  const end = await lexiscope(train("broken"), { home });
  expect(end.code, end.stderr).toBe(0);
  expect(end.stderr).toContain("going on from step");
  expect(await contents("dictionaries", "broken")).toEqual(await contents("dictionaries", "unbroken"));
}, 300_000);

test("an index that was killed leaves no atlas, and the next one is whole", async () => {
  const index = ["index", "--dictionary", "unbroken", "--store", "whole", "--atlas", "a"];
  const killed = await stopIn("write", "SIGKILL", index);
  expect(killed.signal).toBe("SIGKILL");
  expect(await lexiscope(["feature", "a/0"], { home })).toMatchObject({ code: 4 });
  expect((await lexiscope(index, { home })).code).toBe(0);
  expect((await lexiscope(["feature", "a/0"], { home })).code).toBe(0);
}, 240_000);

test("of two processes on one store one works and the other says who has it", async () => {
  const runs = await Promise.all([lexiscope(harvest("shared"), { home }), lexiscope(harvest("shared"), { home })]);
  const codes = runs.map(({ code }) => code).toSorted((a, b) => Number(a) - Number(b));
  // the second may also come when the first has just finished, and then finds it done
  expect([
    [0, 8],
    [0, 0],
  ]).toContainEqual(codes);
  for (const { code, stderr } of runs) if (code === 8) expect(stderr).toMatch(/in use by process \d+ \(harvest\)/);
  expect(await contents("stores", "shared")).toEqual(await contents("stores", "whole"));
}, 240_000);
