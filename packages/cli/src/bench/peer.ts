import { LexiscopeError } from "@lexiscope/core";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A peer's script, waiting to run a round for each call. */
export interface Peer {
  name: string;
  round(): Promise<number>;
  close(): void;
}

/** Starts `bench/peers/SCRIPT --paired`; its first line says who it is, each further one the seconds of a round. */
export async function startPeer(python: string, script: string, args: readonly string[], signal: AbortSignal): Promise<Peer> {
  const file = fileURLToPath(new URL(`../../../../bench/peers/${script}`, import.meta.url));
  const child = spawn(python, ["-B", file, "--paired", ...args], { stdio: ["pipe", "pipe", "pipe"], signal });
  const next = lines(child, script);
  const about = await next();
  return {
    name: ["name", "transformers", "torch"]
      .flatMap((key) => (typeof about[key] === "string" ? [key === "name" ? about[key] : `${key} ${about[key]}`] : []))
      .join(", "),
    round: async () => {
      child.stdin.write("\n");
      return Number((await next())["seconds"]);
    },
    close: () => child.stdin.end(),
  };
}

function lines(child: ChildProcessWithoutNullStreams, script: string): () => Promise<Record<string, unknown>> {
  let errors = "";
  child.stderr.on("data", (chunk) => (errors = (errors + String(chunk)).slice(-4000)));
  const failed = new Promise<never>((_, reject) => {
    const fail = (why: string): void =>
      reject(
        new LexiscopeError("environment", `the peer ${script} stopped: ${why}`, {
          hint: "it needs a Python with torch, transformers, accelerate and gguf: name it with --python or LEXISCOPE_PYTHON",
        }),
      );
    child.on("error", (error) => fail(error.message));
    child.on("close", (code) => fail(errors.trim().split("\n").at(-1) || `exit code ${code}`));
  });
  failed.catch(() => {});
  const iterator = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    const line = await Promise.race([iterator.next(), failed]);
    if (line.done) return failed;
    return JSON.parse(line.value) as Record<string, unknown>;
  };
}
