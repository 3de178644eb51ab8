import { mkdtemp, mkdir, realpath, rm } from "node:fs/promises";
import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeSyntheticAtlas } from "@lexiscope/atlas/testing";
import { pino } from "pino";
import { vi } from "vitest";
import { type RunningServer, type ServeOptions, serve } from "../serve.ts";

/** A server on a loopback port with a home of its own, asked over a real connection. */
export interface TestServer {
  home: string;
  server: RunningServer;
  /** Lines that the server logged. */
  log: string[];
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  /** `ask`, parsed; anything but a 2xx throws. */
  json<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
}

export interface AskOptions {
  headers?: Record<string, string>;
  /** A string or bytes go as they are, anything else as JSON. */
  body?: unknown;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
  json(): { error: { code: string; message: string; field?: string; hint?: string } };
}

/** The launcher at the root of the repository, which runs jobs. */
const launcher = fileURLToPath(new URL("../../../../lexiscope", import.meta.url));

export const syntheticFeatures = 300;

export async function makeHome({ atlas = "small" }: { atlas?: string | null } = {}): Promise<string> {
  const home = await realpath(await mkdtemp(join(tmpdir(), "lexiscope-server-")));
  await mkdir(join(home, "atlases"));
  if (atlas !== null) await writeSyntheticAtlas({ folder: join(home, "atlases", atlas), features: syntheticFeatures });
  return home;
}

/** Starts a server over `home`, or over one with a made-up atlas `small`. Its home is removed with it. */
export async function startTestServer({ home, ...options }: Partial<ServeOptions> = {}): Promise<TestServer> {
  const folder = home ?? (await makeHome());
  vi.stubEnv("LEXISCOPE_HOME", folder);
  const log: string[] = [];
  const logger = pino({ level: "debug" }, { write: (line: string) => void log.push(line) });
  const server = await serve({ port: 0, home: folder, entry: launcher, offline: true, logger, ...options });
  const ask = (method: string, path: string, asked?: AskOptions): Promise<Answer> => askPort(server.port, method, path, asked);
  return {
    home: folder,
    server,
    log,
    ask,
    json: async <T>(method: string, path: string, body?: unknown) => {
      const answer = await ask(method, path, body === undefined ? {} : { body });
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return (answer.text === "" ? undefined : JSON.parse(answer.text)) as T;
    },
    close: async () => {
      await server.close();
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Sends exactly these headers and this path: neither is cleaned up as `fetch` does it. */
export function askPort(port: number, method: string, path: string, { headers = {}, body }: AskOptions = {}): Promise<Answer> {
  const raw = typeof body === "string" || body instanceof Uint8Array;
  const payload = body === undefined ? undefined : raw ? Buffer.from(body as string) : Buffer.from(JSON.stringify(body));
  const usual: Record<string, string | number> = payload ? { "content-type": "application/json", "content-length": payload.length } : {};
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ host: "127.0.0.1", port, method, path, headers: { ...usual, ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString("utf8");
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: bytes,
          text,
          json: () => JSON.parse(text) as ReturnType<Answer["json"]>,
        });
      });
    });
    asked.on("error", reject);
    asked.end(payload);
  });
}
