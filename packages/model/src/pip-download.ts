import { spawn } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { LexiscopeError } from "@lexiscope/core";

export interface PipDownload {
  /** `name==version` */
  requirement: string;
  /** The wheel comes here; everything temporary too. */
  folder: string;
  /** The way on when it cannot be had: one sentence. */
  otherwise: string;
  signal?: AbortSignal | undefined;
  /** Bytes on disk so far, about twice a second. */
  onBytes?: (bytes: number) => void;
}

/** What is kept of pip's complaints. */
const maxLogCharacters = 8192;

/** Downloads one wheel with the user's own pip (its mirrors and proxies apply). Nothing of the package is run. */
export async function pipDownload(options: PipDownload): Promise<void> {
  const commands = process.platform === "win32" ? ["python", "py", "python3"] : ["python3", "python"];
  for (const command of commands) {
    const result = await run(command, options);
    if (result === "missing") continue;
    if (result.code === 0) return;
    throw explain(result.log, options);
  }
  throw new LexiscopeError("environment", `${options.requirement} is downloaded with pip, and there is no ${commands.join(" or ")} here`, {
    field: "python",
    hint: `install Python 3 with pip, or ${options.otherwise}`,
  });
}

async function run(
  command: string,
  { requirement, folder, signal, onBytes }: PipDownload,
): Promise<{ code: number; log: string } | "missing"> {
  const args = [
    "-m",
    "pip",
    "download",
    "--no-deps",
    "--only-binary=:all:",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--no-input",
    "--retries",
    "2",
    "--timeout",
    "20",
    "--dest",
    folder,
    requirement,
  ];
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
    ...(signal ? { signal } : {}),
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => (log = (log + text.toString()).slice(-maxLogCharacters)));
  const watch = setInterval(() => void folderBytes(folder).then(onBytes), 500);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? resolve("missing") : reject(error)));
      child.on("close", (code) => resolve({ code: code ?? 1, log }));
    });
  } catch (cause) {
    if (signal?.aborted) throw new LexiscopeError("aborted", "stopped", { cause });
    throw cause;
  } finally {
    clearInterval(watch);
  }
}

function explain(log: string, { requirement, otherwise }: PipDownload): LexiscopeError {
  const last =
    log
      .trim()
      .split("\n")
      .findLast((line) => line.trim() !== "") ?? "";
  if (/No module named pip/.test(log))
    return new LexiscopeError("environment", "Python is here but its pip is not", {
      field: "pip",
      hint: `install pip (Debian: apt install python3-pip), or ${otherwise}`,
    });
  if (/No space left/.test(log))
    return new LexiscopeError("environment", `the disk is full: ${requirement} could not be downloaded`, {
      hint: "free some space and run the same command again",
    });
  return new LexiscopeError("environment", `${requirement} could not be downloaded: ${last}`, {
    field: "network",
    hint: `is there a network, and does pip reach its package index? Otherwise ${otherwise}`,
  });
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch((): string[] => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        (found) => (found.isFile() ? found.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
