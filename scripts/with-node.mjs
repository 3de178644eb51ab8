// Runs a script under a Node that can run Lexiscope (its TypeScript is run as it is). Plain JavaScript for Node 18 and newer.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const wanted = "24.21.0";

/** True for the versions that strip types without a flag and that better-sqlite3 supports. */
export function canRun(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

/** The same folder as `lexiscopeHome` of packages/core, which an old Node cannot import. */
export function lexiscopeHome(env = process.env) {
  if (env.LEXISCOPE_HOME) return env.LEXISCOPE_HOME;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "lexiscope");
  if (process.platform === "win32" && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, "lexiscope");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "lexiscope");
  return join(homedir(), ".cache", "lexiscope");
}

/** Prints a failure as message and hint, and leaves with the exit code of a missing tool. */
export function fail(message, hint, exitCode = 7) {
  process.stderr.write(`lexiscope: ${message}\n${hint ? `  ${hint}\n` : ""}`);
  process.exit(exitCode);
}

/** How to call npm: the one that is running us, else the one on the PATH. */
export function npmCommand() {
  const script = process.env.npm_execpath;
  if (script && script.endsWith("npm-cli.js") && existsSync(script))
    return { command: process.env.npm_node_execpath || process.execPath, args: [script], shell: false };
  return { command: "npm", args: [], shell: process.platform === "win32" };
}

/**
 * Returns when this Node will do. Otherwise runs the script `url` with the same arguments under Node 24, fetched once,
 * and leaves with its exit code.
 */
export async function ensureNode(url) {
  if (canRun(process.versions.node)) {
    dieWithLauncher();
    return;
  }
  const node = process.env.LEXISCOPE_NODE || (await fetchNode());
  const child = spawn(node, [fileURLToPath(url), ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, LEXISCOPE_LAUNCHED: "1" },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  const { code, signal } = await new Promise((resolve) => {
    child.on("error", (error) =>
      fail(`${node} could not be started: ${error.message}`, "install Node 24 (https://nodejs.org) and try again"),
    );
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  process.exit(code ?? 1);
}

/** A run whose launcher was killed with -9 must not go on behind the user's back. */
function dieWithLauncher() {
  if (!process.env.LEXISCOPE_LAUNCHED || !process.channel) return;
  delete process.env.LEXISCOPE_LAUNCHED;
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel.unref();
}

/** The path of Node 24, taken from npm's package for this platform the first time. */
async function fetchNode() {
  const folder = join(lexiscopeHome(), "node", wanted);
  const binary = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(binary)) return binary;
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const why = `this is Node ${process.versions.node}; Lexiscope needs 22.18 or newer`;
  process.stderr.write(`${why}. Getting Node ${wanted} once (npm package ${name}) …\n`);
  let temporary;
  try {
    await mkdir(join(lexiscopeHome(), "node"), { recursive: true });
    temporary = await mkdtemp(join(lexiscopeHome(), "node", ".tmp-"));
    await writeFile(join(temporary, "package.json"), "{}\n");
  } catch (error) {
    fail(`${lexiscopeHome()} cannot be written: ${error.message}`, "set LEXISCOPE_HOME to a folder that can");
  }
  try {
    const npm = npmCommand();
    const args = [
      "install",
      "--prefix",
      temporary,
      "--ignore-scripts",
      "--no-save",
      "--no-package-lock",
      "--no-audit",
      "--no-fund",
      "--prefer-offline",
      "--fetch-retries=1",
      `${name}@${wanted}`,
    ];
    const run = spawnSync(npm.command, [...npm.args, ...args], {
      cwd: temporary,
      shell: npm.shell,
      encoding: "utf8",
      env: withoutNpmConfig(),
    });
    const hint = "connect to the network, install Node 24 (https://nodejs.org), or name one with LEXISCOPE_NODE";
    if (run.error) fail(`${why}, and npm, which could fetch Node 24, was not found`, hint);
    if (run.status !== 0) fail(`${why}, and Node 24 could not be fetched: ${npmReason(run.stderr)}`, hint);
    const got = join(temporary, "node_modules", name);
    const version = spawnSync(join(got, "bin", process.platform === "win32" ? "node.exe" : "node"), ["-v"], { encoding: "utf8" });
    if (version.stdout?.trim() !== `v${wanted}`)
      fail(
        `${why}, and the Node ${wanted} of npm's package ${name} does not run here`,
        "install Node 24 (https://nodejs.org), or name one with LEXISCOPE_NODE",
      );
    await rename(got, folder).catch((error) => {
      if (!existsSync(binary)) throw error; // another launcher was quicker
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return binary;
}

/** The environment without what an outer `npm run` put there for itself: its prefix and workspace are not ours. */
export function withoutNpmConfig(env = process.env) {
  const dropped = /^npm_config_(prefix|local_prefix|global_prefix|global|workspace|workspaces|include_workspace_root|ignore_scripts)$/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !dropped.test(name)));
}

/** The line of npm's output that says what went wrong. */
export function npmReason(stderr) {
  const lines = (stderr || "").split("\n").filter((line) => /^npm (ERR!|error)/i.test(line));
  const said = lines.map((line) => line.replace(/^npm (ERR!|error)\s*/i, "").trim());
  if (said.some((line) => /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|network/i.test(line)))
    return "the package registry could not be reached (no network?)";
  return said.find((line) => line && !line.startsWith("code ")) || said[0] || "npm failed without a reason";
}
