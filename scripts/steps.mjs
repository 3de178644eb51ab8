// What set-up does, step by step. Each step looks first whether it is still to be done, so that a second run costs nothing.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, npmCommand, npmReason, withoutNpmConfig } from "./with-node.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));
const addon = join(root, "packages", "native", "lexiscope.node");
const addonStamp = `${addon}.stamp`;

const web = join(root, "packages", "web");
const webStamp = join(web, "dist", ".stamp");

/** Brings packages, the native core and the page up to date. Returns the seconds that each step took; 0 for one that had nothing to do. */
export async function setup() {
  return { packages: await setupPackages(), native: await buildNative(), page: await buildPage() };
}

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");
const readText = (path) => readFile(path, "utf8").catch(() => undefined);

/** Brings the npm packages alone up to date. */
export async function setupPackages() {
  const lock = await readFile(join(root, "package-lock.json"), "utf8");
  const stamp = join(root, "node_modules", ".lexiscope-lock");
  const hash = sha256(lock, process.platform, process.arch);
  if ((await readText(stamp)) === hash) return 0;
  if (!installed(lock, await readText(join(root, "node_modules", ".package-lock.json")))) {
    const done = startStep("Installing npm packages");
    const npm = npmCommand();
    const npmRun = (...verb) =>
      follow(npm.command, [...npm.args, ...verb, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1"], {
        shell: npm.shell,
        env: withoutNpmConfig(),
      });
    let run = await npmRun("ci");
    // A registry that lacks other platforms' optional packages makes npm write a lock file that `npm ci` then refuses.
    if (/Missing: .* from lock file/.test(run.stderr ?? "")) run = await npmRun("install", "--no-save");
    if (run.error) fail("npm was not found", "npm comes with Node: install Node 24 from https://nodejs.org");
    if (run.status !== 0) {
      const reason = npmReason(run.stderr);
      fail(
        `the npm packages could not be installed: ${reason}`,
        reason.includes("network")
          ? "set-up needs the network once; run the same command again when it is there"
          : "npm's own words stand above; `npm ci --ignore-scripts` shows all of them",
      );
    }
    await writeFile(stamp, hash);
    return done();
  }
  await writeFile(stamp, hash);
  return 0;
}

/** Whether npm's record of what lies in node_modules has everything that the lock file asks for. */
function installed(lock, record) {
  if (!record) return false;
  const have = JSON.parse(record).packages ?? {};
  return Object.entries(JSON.parse(lock).packages).every(([path, wanted]) => {
    if (!path.startsWith("node_modules/") && !path.includes("/node_modules/")) return true;
    if (wanted.link) return existsSync(join(root, path));
    return wanted.optional || (have[path]?.version === wanted.version && existsSync(join(root, path)));
  });
}

async function buildNative() {
  if (process.env.LEXISCOPE_ADDON) return 0;
  const native = join(root, "native");
  const hash = await hashFiles(native, ["target", "fuzz"], /\.(rs|toml|lock)$/);
  if (existsSync(addon) && (await readText(addonStamp)) === hash) return 0;
  const cargo = findCargo();
  if (!cargo)
    fail("Rust is needed to build the native core: https://rustup.rs", "install it, open a new shell, and run the same command again");
  const target = process.env.CARGO_TARGET_DIR || join(native, "target");
  const total = (readFileSync(join(native, "Cargo.lock"), "utf8").match(/^\[\[package\]\]/gm) ?? []).length;
  const done = startStep("Building the native core (Rust)");
  let built = 0;
  const run = await follow(cargo.command, ["build", "--release", "--locked", "-p", "lexiscope-node"], {
    cwd: native,
    env: { ...process.env, ...cargo.env, CARGO_TARGET_DIR: target, CARGO_TERM_COLOR: "never" },
    onLine: (line) => (/^\s+Compiling /.test(line) ? `${++built} of about ${total} crates` : undefined),
  });
  if (run.status !== 0) failCargo(run);
  const library = { darwin: "liblexiscope_node.dylib", win32: "lexiscope_node.dll" }[process.platform] ?? "liblexiscope_node.so";
  const temporary = `${addon}.${process.pid}.tmp.node`;
  try {
    await copyFile(join(target, "release", library), temporary);
    const check = spawnSync(process.execPath, ["-e", "console.log(require(process.argv[1]).cpu().path)", temporary], { encoding: "utf8" });
    if (check.status !== 0)
      fail(
        `the native core was built but does not load: ${(check.stderr || check.error?.message || `signal ${check.signal}`).trim().split("\n").pop()}`,
        "remove native/target and run the same command again",
      );
    await rename(temporary, addon);
  } finally {
    await rm(temporary, { force: true });
  }
  await writeFile(addonStamp, hash);
  return done();
}

/** Builds the page into packages/web/dist: into a folder beside it first, so that a server never serves half of one. */
async function buildPage() {
  const hash = await hashFiles(web, ["dist", "types", "node_modules"], /\.(tsx?|css|html|svg|json)$/);
  if ((await readText(webStamp)) === hash) return 0;
  const done = startStep("Building the page");
  const next = join(web, `dist.${process.pid}.tmp`);
  try {
    const vite = join(root, "node_modules", "vite", "bin", "vite.js");
    const run = await follow(process.execPath, [vite, "build", "--outDir", next, "--emptyOutDir", "--logLevel", "warn"], { cwd: web });
    if (run.status !== 0) {
      process.stderr.write(`${run.stderr.trim().split("\n").slice(-20).join("\n")}\n`);
      fail("the page could not be built; the last lines stand above", "remove node_modules and run the same command again");
    }
    await writeFile(join(next, ".stamp"), hash);
    await rm(join(web, "dist"), { recursive: true, force: true });
    await rename(next, join(web, "dist"));
  } finally {
    await rm(next, { recursive: true, force: true });
  }
  return done();
}

function failCargo(run) {
  const output = run.stderr;
  if (
    /failed to download|could not resolve host|network failure|spurious network|unable to update registry|failed to get `/i.test(output) &&
    !/^error\[E/m.test(output)
  ) {
    fail(
      "the Rust packages could not be fetched (no network?)",
      "set-up needs the network once; run the same command again when it is there",
    );
  }
  if (/linker `\w+` not found/.test(output))
    fail("a C linker is needed to build the native core", "Debian, Ubuntu: apt-get install build-essential; macOS: xcode-select --install");
  if (/requires rustc|is not supported by the following package/.test(output))
    fail("this Rust is too old for the native core (1.89 or newer is needed)", "run `rustup update` (https://rustup.rs) and try again");
  if (/rustup could not choose a version|rustup default/.test(output))
    fail("rustup has no Rust toolchain installed", "run `rustup default stable` (https://rustup.rs) and try again");
  process.stderr.write(`${output.trim().split("\n").slice(-40).join("\n")}\n`);
  fail(
    "the native core could not be built; the compiler's last lines stand above",
    "make sure that Rust is 1.89 or newer (`rustup update`)",
  );
}

/** Cargo on the PATH or in the home folder. A rustup whose home is elsewhere (another HOME) is told where its toolchains are. */
export function findCargo() {
  const name = process.platform === "win32" ? "cargo.exe" : "cargo";
  const folders = [
    ...(process.env.PATH ?? "").split(process.platform === "win32" ? ";" : ":").filter(Boolean),
    join(homedir(), ".cargo", "bin"),
  ];
  const folder = folders.find((at) => existsSync(join(at, name)));
  if (!folder) return undefined;
  const rustup = join(dirname(dirname(folder)), ".rustup");
  const env = !process.env.RUSTUP_HOME && !existsSync(join(homedir(), ".rustup")) && existsSync(rustup) ? { RUSTUP_HOME: rustup } : {};
  return { command: join(folder, name), env };
}

/** One hash over the names and bytes of the files under `folder` whose name matches. */
async function hashFiles(folder, leaveOut, match) {
  /** @type {string[]} */
  const files = [];
  const walk = async (at) => {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory() && !leaveOut.includes(entry.name) && !entry.name.startsWith("dist.")) await walk(path);
      else if (entry.isFile() && match.test(entry.name)) files.push(path);
    }
  };
  await walk(folder);
  const parts = [process.platform, process.arch];
  for (const file of files.sort()) parts.push(file.slice(folder.length), "\0", await readFile(file));
  return sha256(...parts);
}

/** Prints `what … (n s)`: again every few seconds when nobody watches, as one line that counts on a terminal. */
let current;
function startStep(what) {
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  const terminal = process.stderr.isTTY;
  current = { detail: "" };
  const line = () => `${what} … ${seconds().toFixed(0)} s${current.detail ? `, ${current.detail}` : ""}`;
  process.stderr.write(terminal ? line() : `${what} …\n`);
  const timer = setInterval(() => process.stderr.write(terminal ? `\r\x1b[2K${line()}` : `  ${line()}\n`), terminal ? 500 : 10_000);
  timer.unref();
  current.end = () => {
    clearInterval(timer);
    if (terminal) process.stderr.write("\r\x1b[2K");
    current = undefined;
  };
  process.once("exit", () => current?.end());
  return () => {
    current.end();
    process.stderr.write(`${what}: ${seconds().toFixed(1)} s\n`);
    return seconds();
  };
}

/** Runs a command quietly, keeping what it says for the case that it fails. */
function follow(command, args, { cwd = root, env = process.env, shell = false, onLine = () => undefined } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, shell, stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    const take = (chunk) => {
      stderr = (stderr + chunk).slice(-200_000);
      for (const line of String(chunk).split("\n")) {
        const detail = onLine(line);
        if (detail && current) current.detail = detail;
      }
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => resolve({ error, status: 1, stderr }));
    child.on("close", (status) => resolve({ status, stderr }));
  });
}
