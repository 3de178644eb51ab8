import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, open, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lexiscopeHome } from "@lexiscope/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lexiscope, makeHome, root, type Run, tinyStart, writeReports } from "./support.ts";

let home: string;
let text: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ home, remove } = await makeHome());
  text = await writeReports(join(home, "reports"), 16);
  const made = await lexiscope(tinyStart("good", text), { home });
  expect(made.code, made.stderr).toBe(0);
}, 240_000);
afterAll(() => remove());

/** A user's mistake or a damaged file: a message that names it, an exit code that says which, no stack. */
function expectRefusal(run: Run, code: number, words: RegExp): void {
  expect(run.stderr).toMatch(words);
  expect(run.code).toBe(code);
  expect(run.signal).toBeNull();
  expect(run.stderr).not.toMatch(/\n\s+at .*:\d+|fault of Lexiscope/);
}

async function flipByte(path: string, at: number): Promise<void> {
  const file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 0x41;
  await file.write(byte, 0, 1, at);
  await file.close();
}

async function find(folder: string, pattern: RegExp): Promise<string> {
  const name = (await readdir(folder, { recursive: true })).find((path) => pattern.test(path));
  if (name === undefined) throw new Error(`no ${pattern} in ${folder}`);
  return join(folder, name);
}

describe("damaged files", () => {
  test("a truncated GGUF, and one with a flipped bit in its header", async () => {
    const original = await find(join(lexiscopeHome(), "models"), /\.gguf$/);
    const copy = join(home, "copy.gguf");
    await copyFile(original, copy);
    await truncate(copy, 50_000_000);
    expectRefusal(await lexiscope(["model", copy], { home }), 3, /copy\.gguf/);
    await truncate(copy, 100);
    expectRefusal(await lexiscope(["model", copy], { home }), 3, /copy\.gguf/);
    await writeFile(copy, "GGUF");
    expectRefusal(await lexiscope(["model", copy], { home }), 3, /copy\.gguf/);
    await copyFile(original, copy);
    await flipByte(copy, 8);
    expectRefusal(await lexiscope(["model", copy], { home }), 3, /copy\.gguf/);
    await rm(copy);
  }, 120_000);

  test("a store's shard: truncated, then flipped", async () => {
    const bad = join(home, "stores", "bad");
    await cp(join(home, "stores", "good"), bad, { recursive: true });
    const shard = await find(bad, /\.safetensors$/);
    const train = [
      "train",
      "--store",
      "bad",
      "--features",
      "64",
      "--k",
      "4",
      "--steps",
      "4",
      "--batch",
      "64",
      "--no-loss",
      "--dictionary",
      "never",
    ];
    await flipByte(shard, 200_000);
    expectRefusal(await lexiscope(train, { home }), 3, /safetensors/);
    await truncate(shard, 10_000);
    expectRefusal(await lexiscope(train, { home }), 3, /safetensors/);
    await rm(bad, { recursive: true });
  });

  test("a dictionary's weights and manifest", async () => {
    const bad = join(home, "dictionaries", "bad");
    await cp(join(home, "dictionaries", "good"), bad, { recursive: true });
    const index = ["index", "--dictionary", "bad", "--store", "good", "--atlas", "never"];
    await flipByte(await find(bad, /sae_weights\.safetensors$/), 50_000);
    expectRefusal(await lexiscope(index, { home }), 3, /sae_weights\.safetensors/);
    await writeFile(join(bad, "manifest.json"), '{"kind":"dictionary"');
    expectRefusal(await lexiscope(index, { home }), 3, /manifest\.json/);
    await rm(bad, { recursive: true });
  });

  test("an atlas: every kind of file in it", async () => {
    const bad = join(home, "atlases", "bad");
    const good = join(home, "atlases", "good");
    for (const pattern of [/features\.sqlite$/, /manifest\.json$/, /examples.+/]) {
      await cp(good, bad, { recursive: true });
      const file = await find(bad, pattern);
      await truncate(file, 40);
      const run = await lexiscope(["feature", "bad/3"], { home });
      expectRefusal(run, 3, /bad/);
      await rm(bad, { recursive: true });
    }
  });

  test("the only checkpoint of a run", async () => {
    const train = [
      "train",
      "--store",
      "good",
      "--features",
      "64",
      "--k",
      "4",
      "--steps",
      "3000",
      "--batch",
      "64",
      "--checkpoint-every",
      "20",
      "--no-loss",
      "--no-baselines",
      "--dictionary",
      "torn",
    ];
    let sent = false;
    const stopped = await lexiscope([...train, "--json"], {
      home,
      onOutput: (output, child) => {
        if (sent || !/"phase":"train","done":[1-9]/.test(output)) return;
        sent = true;
        child.kill("SIGINT");
      },
    });
    expect(stopped.code).toBe(130);
    const folder = join(home, "dictionaries", "torn");
    for (const name of await readdir(folder, { recursive: true }))
      if (name.endsWith(".safetensors")) await truncate(join(folder, name), 1000);
    expectRefusal(await lexiscope(train, { home }), 3, /checkpoint-\d+\.safetensors is damaged[\s\S]*train again/);
    await rm(folder, { recursive: true });
  }, 120_000);
});

describe("things that do not belong together", () => {
  test("a dictionary for another site, and features that are not there", async () => {
    expect(
      (
        await lexiscope(
          ["harvest", "--text", text, "--tokens", "600", "--context", "64", "--site", "blocks.3.hook_mlp_out", "--out", "third"],
          { home },
        )
      ).code,
    ).toBe(0);
    expectRefusal(
      await lexiscope(["index", "--dictionary", "good", "--store", "third", "--atlas", "never"], { home }),
      6,
      /blocks\.15\.hook_resid_post[\s\S]*blocks\.3\.hook_mlp_out/,
    );
    expectRefusal(await lexiscope(["feature", "good/256"], { home }), 2, /256/);
    expectRefusal(await lexiscope(["generate", "x", "--atlas", "good", "--edit", "clamp:999999=2x"], { home }), 2, /999999/);
  });

  test("other weights of the same model are used with a warning that says how far they differ, another model is refused", async () => {
    const original = await find(join(lexiscopeHome(), "models"), /\.gguf$/);
    const [other, stranger] = [join(home, "SmolLM2-135M-Instruct.Q4_1.gguf"), join(home, "stranger.gguf")];
    await copyFile(original, other);
    await flipByte(other, 60_000_001);
    await copyFile(other, stranger);
    const run = await lexiscope(["inspect", "The otter", "--atlas", "good", "--model", other], { home });
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/other weights of the same model.*differ by [\d.]+ %/);
    const edited = ["forward", "--text", "The otter", "--atlas", "good", "--model", stranger, "--edit", "add:3=1n"];
    expectRefusal(await lexiscope(edited, { home }), 6, /the open model is stranger[\s\S]*--other-model/);
    expect((await lexiscope([...edited, "--other-model"], { home })).stderr).toMatch(/another model of the same shape/);
    await rm(other);
    await rm(stranger);
  }, 120_000);

  test("sites, contexts, widths and k that cannot be", async () => {
    expectRefusal(await lexiscope(["harvest", "--text", text, "--site", "blocks.30.hook_resid_post"], { home }), 2, /blocks 0 to 29/);
    expectRefusal(await lexiscope(["harvest", "--text", text, "--site", "middle"], { home }), 2, /is not a site/);
    expectRefusal(await lexiscope(["harvest", "--text", text, "--context", "9000"], { home }), 2, /8192/);
    const train = ["train", "--store", "good", "--no-loss", "--dictionary", "never"];
    expectRefusal(await lexiscope([...train, "--features", "16", "--k", "17"], { home }), 2, /k is 17/);
    expectRefusal(await lexiscope([...train, "--features", "16M"], { home }), 7, /memory/);
    expectRefusal(await lexiscope([...train, "--warmup", "9", "--steps", "5"], { home }), 2, /warm-up/);
    expectRefusal(await lexiscope([...train, "--features", "64", "--k", "0"], { home }), 2, /--k "0"/);
    expectRefusal(await lexiscope([...train, "--features", "1e12"], { home }), 2, /--features "1e12"/);
    expectRefusal(await lexiscope([...train, "--lr", "NaN"], { home }), 2, /--lr "NaN"/);
    expectRefusal(await lexiscope(["harvest", "--text", text, "--out", ""], { home }), 2, /name is empty/);
  });
});

describe("text", () => {
  test("empty, of one token, missing, of a kind that is not read", async () => {
    const folder = join(home, "odd");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "empty.txt"), "");
    await writeFile(join(folder, "one.txt"), "a");
    await writeFile(join(folder, "picture.png"), "x");
    expectRefusal(await lexiscope(["harvest", "--text", join(folder, "empty.txt"), "--out", "never"], { home }), 2, /text is empty/);
    expectRefusal(
      await lexiscope(["harvest", "--text", join(folder, "one.txt"), "--out", "never"], { home }),
      2,
      /text is empty|at least two tokens/,
    );
    expectRefusal(await lexiscope(["harvest", "--text", join(folder, "none.txt")], { home }), 4, /does not exist/);
    expectRefusal(await lexiscope(["harvest", "--text", join(folder, "picture.png")], { home }), 5, /not read/);
    expectRefusal(await lexiscope(["inspect", "", "--atlas", "good"], { home }), 2, /empty/);
    expectRefusal(await lexiscope(["forward", "--text", ""], { home }), 2, /empty|no text/);
    expect((await lexiscope(["forward", "--text", "a"], { home })).code).toBe(0);
    expectRefusal(await lexiscope(["generate", ""], { home }), 2, /empty/);
  });

  test("longer than the context is refused for a pass", async () => {
    const long = join(home, "long.txt");
    await writeFile(long, "word ".repeat(9000));
    expectRefusal(await lexiscope(["forward", "--text-file", long], { home }), 2, /8192/);
  });

  test("lone surrogates and broken UTF-8 are read as U+FFFD, and said", async () => {
    const folder = join(home, "broken");
    await mkdir(folder, { recursive: true });
    for (let i = 0; i < 6; i++)
      await writeFile(
        join(folder, `${i}.txt`),
        Buffer.concat([
          Buffer.from(`Report ${i} about rivers and `),
          Buffer.from([0xed, 0xa0, 0x80, 0xff]),
          Buffer.from(" the harbour of the otters."),
        ]),
      );
    const run = await lexiscope(["harvest", "--text", folder, "--tokens", "600", "--context", "16", "--out", "broken"], { home });
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/replaced by U\+FFFD/);
  });
});

test.skipIf(!existsSync("/dev/full"))("an output that cannot be written is said", async () => {
  const command = `"${process.execPath}" "${join(root, "scripts", "lexiscope.mjs")}" list > /dev/full`;
  const run = spawnSync("sh", ["-c", command], { encoding: "utf8", env: { ...process.env, LEXISCOPE_HOME: home } });
  expect(run.status).toBe(7);
  expect(run.stderr).toMatch(/output cannot be written/);
  expect(run.stderr).not.toMatch(/\n\s+at /);
});

test("a full disk is said before anything is written, and while it is written", async ({ skip }) => {
  const disk = join(home, "disk");
  await mkdir(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], { stdio: "ignore" });
  } catch {
    skip("mounting a small tmpfs needs root");
  }
  try {
    expectRefusal(
      await lexiscope(["harvest", "--text", text, "--tokens", "7k", "--context", "64", "--out", join(disk, "store")], { home }),
      7,
      /needs .* on disk/,
    );
    expectRefusal(
      await lexiscope(
        [
          "train",
          "--store",
          "good",
          "--features",
          "4096",
          "--k",
          "8",
          "--steps",
          "4",
          "--batch",
          "64",
          "--no-loss",
          "--no-baselines",
          "--dictionary",
          join(disk, "dictionary"),
        ],
        { home },
      ),
      7,
      /disk/,
    );
  } finally {
    execFileSync("umount", [disk]);
  }
}, 120_000);

test("a home that cannot be written is named", async () => {
  const file = join(home, "a-file");
  await writeFile(file, "");
  const below = join(dirname(file), "a-file", "below");
  expectRefusal(await lexiscope(["harvest", "--text", text, "--tokens", "600", "--context", "64"], { home: below }), 7, /a-file\/below/);
  const train = ["train", "--store", join(home, "stores", "good"), "--features", "64", "--k", "4", "--steps", "4", "--no-loss"];
  expectRefusal(await lexiscope([...train, "--dictionary", join(below, "x")], { home }), 7, /a-file\/below\/x cannot be made/);
});
