import { spawnSync } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lexiscope, root, runScript } from "./support.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-clone-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a clone has, without what set-up makes. */
async function clone(name: string, { withPackages }: { withPackages: boolean }): Promise<string> {
  const at = join(folder, name);
  await mkdir(at);
  for (const entry of await readdir(root)) {
    if (["node_modules", ".git", "native", "packages"].includes(entry)) continue;
    if (/^(package.*\.json|scripts|lexiscope)$/.test(entry)) await cp(join(root, entry), join(at, entry), { recursive: true });
  }
  for (const part of ["native", "packages"]) {
    await cp(join(root, part), join(at, part), {
      recursive: true,
      filter: (path) => !/[/\\](target|dist|node_modules)$|\.node$|\.stamp$/.test(path),
    });
  }
  if (withPackages) await symlink(join(root, "node_modules"), join(at, "node_modules"));
  return at;
}

/** A PATH with node alone. */
async function bareBin(...others: string[]): Promise<string> {
  const bin = await mkdtemp(join(folder, "bin-"));
  await symlink(process.execPath, join(bin, "node"));
  for (const name of others) {
    const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
    if (found) await symlink(found, join(bin, name));
  }
  return bin;
}

test("without Rust set-up says how to get it", async () => {
  const at = await clone("no-rust", { withPackages: true });
  const home = await mkdtemp(join(folder, "home-"));
  const run = await runScript(join(at, "scripts", "setup.mjs"), [], {
    home,
    env: { PATH: await bareBin(), HOME: home, CARGO_HOME: undefined, LEXISCOPE_ADDON: undefined },
  });
  expect(run.stderr).toContain("https://rustup.rs");
  expect(run.stderr).not.toMatch(/\n\s+at .*:\d+/);
  expect(run.code).toBe(7);
});

test("without a network set-up says that it needs one, and leaves nothing half done", async () => {
  const at = await clone("no-network", { withPackages: false });
  const home = await mkdtemp(join(folder, "home-"));
  const env = {
    HOME: home,
    npm_config_registry: "http://127.0.0.1:9/",
    npm_config_cache: join(home, "cache"),
    npm_config_fetch_retries: "0",
    npm_config_userconfig: join(home, "npmrc"),
    npm_execpath: undefined,
  };
  const run = await runScript(join(at, "scripts", "setup.mjs"), [], { home, env });
  expect(run.stderr).toMatch(/needs the network once/);
  expect(run.code).toBe(7);
  expect(existsSync(join(at, "packages", "native", "lexiscope.node"))).toBe(false);
}, 120_000);

test("before set-up the launcher says what to run", async () => {
  const at = await clone("fresh", { withPackages: false });
  const run = await runScript(join(at, "lexiscope"), ["list"], { home: folder });
  expect(run).toMatchObject({ code: 7, stderr: expect.stringContaining("npm start") });
});

test("a broken compiler is said with its last lines", async () => {
  const at = await clone("broken-rust", { withPackages: true });
  const bin = await bareBin("sh");
  await writeFile(join(bin, "cargo"), "#!/bin/sh\necho 'error[E0308]: mismatched types' >&2\nexit 101\n");
  await chmod(join(bin, "cargo"), 0o755);
  const run = await runScript(join(at, "scripts", "setup.mjs"), [], { home: folder, env: { PATH: bin, LEXISCOPE_ADDON: undefined } });
  expect(run).toMatchObject({ code: 7, stderr: expect.stringMatching(/E0308[\s\S]*could not be built/) });
});

test("the model: without Python, offline, and without a network", async () => {
  const home = await mkdtemp(join(folder, "home-"));
  const bare = await lexiscope(["model"], { home, env: { PATH: await bareBin() } });
  expect(bare.stderr).toMatch(/[Pp]ython|pip/);
  expect(bare.code).toBe(7);
  const offline = await lexiscope(["model", "--offline"], { home });
  expect(offline).toMatchObject({ code: 7, stderr: expect.stringContaining("--offline") });
  const env = {
    PIP_INDEX_URL: "http://127.0.0.1:9/",
    PIP_NO_INDEX: undefined,
    PIP_FIND_LINKS: undefined,
    PIP_RETRIES: "0",
    PIP_DEFAULT_TIMEOUT: "2",
    PIP_CONFIG_FILE: "/dev/null",
    PIP_CACHE_DIR: join(home, "pip"),
  };
  const cut = await lexiscope(["model"], { home, env });
  expect(cut.code).toBe(7);
  expect(cut.stderr).not.toMatch(/Traceback|\n\s+at .*:\d+/);
}, 120_000);

test("the text: offline and without npm", async () => {
  const home = await mkdtemp(join(folder, "home-"));
  const models = join(process.env["LEXISCOPE_HOME"] ?? dirname(home), "models");
  if (existsSync(models)) await symlink(models, join(home, "models"));
  const run = await lexiscope(["harvest", "--tokens", "1k", "--offline"], { home, env: { npm_config_cache: join(home, "npm-cache") } });
  expect(run.code).toBe(7);
  expect(run.stderr).not.toMatch(/\n\s+at .*:\d+/);
}, 120_000);
