import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { type AtlasEntry, type GenerateEvent, type GenerateRequest } from "@lexiscope/contract";
import { lexiscopeHome } from "@lexiscope/core";

export interface BenchServer {
  url: string;
  /**
   * Resident memory in MB, of the server's process and of its models' processes, and the longest time in ms that its
   * event loop stood still since this was last asked.
   */
  memory(): Promise<{ server: number; workers: number; stallMs: number }>;
  json<T>(method: string, path: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
}

/** Starts the server over a home in a process of its own. */
export async function startServer(home = lexiscopeHome()): Promise<BenchServer> {
  const child = fork(fileURLToPath(new URL("./server-child.ts", import.meta.url)), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, LEXISCOPE_HOME: home },
  });
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  return {
    url,
    memory: async () => {
      const answer = once(child, "message");
      child.send({});
      const [{ workers, stallMs }] = (await answer) as [{ workers: number[]; stallMs: number }];
      const of = await Promise.all(workers.map(residentMB));
      return { server: await residentMB(child.pid ?? 0), workers: of.reduce((sum, mb) => sum + mb, 0), stallMs };
    },
    json: async <T>(method: string, path: string, body?: unknown) => {
      const response = await fetch(url + path, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    close: async () => {
      child.disconnect();
      await once(child, "exit");
    },
  };
}

async function residentMB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1000);
}

/** The atlas to read and to steer with: the first on the shelf. */
export async function firstAtlas(server: BenchServer): Promise<string> {
  const { atlases } = await server.json<{ atlases: AtlasEntry[] }>("GET", "/api/atlases");
  const found = atlases.find(({ error }) => error === null);
  if (!found) throw new Error("there is no atlas in LEXISCOPE_HOME: `lexiscope start` makes one");
  return found.id;
}

export interface Generated {
  /** Milliseconds from the request to its first token, as the client sees them. */
  firstMs: number;
  /** Tokens a second of each variant after its first token, as the client sees them. */
  rates: number[];
  error: string | undefined;
  done: boolean;
}

/** One answer, timed where a client stands. */
export async function generateTimed(server: BenchServer, body: GenerateRequest): Promise<Generated> {
  const begun = performance.now();
  const times = body.variants.map((): number[] => []);
  let error: string | undefined;
  let done = false;
  for await (const event of events(server, body)) {
    if (event.type === "token") times[event.variant]?.push(performance.now());
    if (event.type === "error") error = event.error.message;
    if (event.type === "done") done = true;
  }
  const first = Math.min(...times.flat());
  const rates = times.map((at) => ((at.length - 1) * 1000) / ((at.at(-1) ?? 0) - (at[0] ?? 0)));
  return { firstMs: first - begun, rates, error, done };
}

async function* events(server: BenchServer, body: GenerateRequest): AsyncGenerator<GenerateEvent> {
  const response = await fetch(`${server.url}/api/generate`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) if (part.startsWith("data: ")) yield JSON.parse(part.slice(6)) as GenerateEvent;
  }
}

/** A client that asks and leaves: at once, while it waits, or while it is answered. */
export async function leave(server: BenchServer, body: GenerateRequest, afterMs: number): Promise<void> {
  const payload = JSON.stringify(body);
  const asked = request(`${server.url}/api/generate`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": Buffer.byteLength(payload) },
    agent: false,
  });
  const closed = new Promise<void>((resolve) => asked.on("close", resolve));
  asked.on("error", () => {});
  asked.on("response", (response) => response.resume());
  asked.end(payload);
  setTimeout(() => asked.destroy(), afterMs);
  await closed;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
}

/** Prints rows under their heads, columns aligned. */
export function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const text = [head, ...rows].map((row) => row.map((cell) => (typeof cell === "number" ? String(Number(cell.toPrecision(4))) : cell)));
  const widths = head.map((_, column) => Math.max(...text.map((row) => (row[column] ?? "").length)));
  for (const row of text)
    console.log(
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  "),
    );
  console.log();
}
