import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "@lexiscope/core";

/** A repository that the server has. */
export interface HubRepository {
  name: string;
  commit: string;
  files: Record<string, Uint8Array>;
  /** Only with this token; unknown to everybody else. */
  token?: string;
  gated?: boolean;
}

/** One request for a file's bytes, as the server saw it. */
export interface Served {
  path: string;
  /** Where the answer's bytes begin in the file. */
  from: number;
  /** Bytes that were written to the socket. */
  sent: number;
}

/** How the server answers a request for a file's bytes; nothing set: as a good server does. */
export interface Mood {
  status?: number;
  /** The connection is closed after so many bytes. */
  cutAfter?: number;
  ignoreRange?: boolean;
  /** The first byte is another. */
  spoil?: boolean;
  /** More bytes than the file has. */
  tooMuch?: boolean;
  /** One kB at a time, with a pause after each. */
  slowMs?: number;
}

export interface HubServer {
  endpoint: string;
  /** The other origin, where large files lie. `/back?to=…` redirects to where it says. */
  storage: string;
  served: Served[];
  /** Every request: the hub's and the storage's. */
  requests: { host: "hub" | "storage"; method: string; url: string; authorization: string | undefined }[];
  /** Asked before each file answer. */
  mood: (path: string) => Mood;
  /** Asked before each answer of the API; what it returns is answered in its place. */
  api: (path: string) => { status?: number; body?: unknown; headers?: Record<string, string> } | undefined;
  /** Changes what a listing says. */
  listing: (entries: Record<string, unknown>[]) => Record<string, unknown>[];
  pageSize: number;
  close(): Promise<void>;
}

/**
 * A server on loopback that speaks the hub's protocol: `/api/models/…/revision`, `/tree` with pages, `/resolve` with
 * ranges and ETags, and large files by redirect to a storage on another origin, which wants no token. Hugging Face's
 * own Python library downloads from it as well.
 */
export async function startHub(repositories: readonly HubRepository[]): Promise<HubServer> {
  const handle =
    (host: "hub" | "storage") =>
    (request: IncomingMessage, response: ServerResponse): void => {
      const url = request.url ?? "/";
      hub.requests.push({ host, method: request.method ?? "", url, authorization: request.headers.authorization });
      const path = decodeURIComponent(new URL(url, "http://x").pathname);
      void (host === "storage" ? serveStorage : path.startsWith("/api/") ? serveApi : serveResolve)(path, request, response);
    };
  const servers = [createServer(handle("hub")), createServer(handle("storage"))] as const;
  const [endpoint, storage] = await Promise.all(servers.map(listen));
  const hub: HubServer = {
    endpoint: endpoint ?? "",
    storage: storage ?? "",
    served: [],
    requests: [],
    mood: () => ({}),
    api: () => undefined,
    listing: (entries) => entries,
    pageSize: 1000,
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
    },
  };

  const find = (path: string, request: IncomingMessage, response: ServerResponse): HubRepository | undefined => {
    const repository = repositories.find(({ name }) => path.startsWith(`${name}/`));
    const token = request.headers.authorization?.replace("Bearer ", "");
    if (!repository || (repository.token !== undefined && repository.token !== token))
      fail(response, token === undefined ? 401 : 404, "RepoNotFound");
    else if (repository.gated && path.includes("/resolve/")) fail(response, 403, "GatedRepo");
    else return repository;
    return undefined;
  };

  async function serveApi(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const instead = hub.api(path);
    if (instead) {
      response.writeHead(instead.status ?? 200, { "content-type": "application/json", ...instead.headers });
      response.end(typeof instead.body === "string" ? instead.body : JSON.stringify(instead.body ?? {}));
      return;
    }
    const repository = find(path.slice("/api/models/".length), request, response);
    if (!repository) return;
    const [kind, ...rest] = path.slice(`/api/models/${repository.name}/`.length).split("/");
    const [revision = "", ...folders] = rest;
    if (!["main", "HEAD", "v2", repository.commit].includes(revision)) return fail(response, 404, "RevisionNotFound");
    if (kind === "revision") {
      const siblings = Object.keys(repository.files).map((rfilename) => ({ rfilename }));
      return json(response, {
        _id: "1",
        id: repository.name,
        sha: repository.commit,
        private: false,
        gated: false,
        lastModified: new Date(0).toISOString(),
        siblings,
      });
    }
    const search = new URL(request.url ?? "/", hub.endpoint).searchParams;
    const prefix = folders.length > 0 ? `${folders.join("/")}/` : "";
    const below = Object.entries(repository.files).filter(([name]) => name.startsWith(prefix));
    if (below.length === 0) return fail(response, 404, "EntryNotFound");
    const recursive = search.get("recursive")?.toLowerCase() === "true";
    const entries = hub.listing([
      ...(recursive ? [] : [...new Set(below.flatMap(([name]) => /^[^/]+(?=\/)/.exec(name.slice(prefix.length)) ?? []))]).map((name) => ({
        type: "directory",
        oid: "0".repeat(40),
        size: 0,
        path: prefix + name,
      })),
      ...below.filter(([name]) => recursive || !name.slice(prefix.length).includes("/")).map(([name, content]) => listEntry(name, content)),
    ]);
    const at = Number(search.get("cursor") ?? 0);
    const next = new URL(request.url ?? "/", hub.endpoint);
    next.searchParams.set("cursor", String(at + hub.pageSize));
    json(response, entries.slice(at, at + hub.pageSize), at + hub.pageSize < entries.length ? { link: `<${next.href}>; rel="next"` } : {});
  }

  async function serveResolve(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const repository = find(path.slice(1), request, response);
    if (!repository) return;
    const name = path.slice(`/${repository.name}/resolve/`.length).split("/").slice(1).join("/");
    const content = repository.files[name];
    if (!content) return fail(response, 404, "EntryNotFound");
    const etag = etagOf(name, content);
    response.setHeader("x-repo-commit", repository.commit);
    if (!isLarge(name)) return sendBytes(name, content, request, response);
    response.writeHead(302, {
      location: `${storage}/${repository.name}/${name}`,
      "x-linked-etag": `"${etag}"`,
      "x-linked-size": String(content.byteLength),
    });
    response.end();
  }

  async function serveStorage(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (path === "/back") {
      response.writeHead(302, { location: new URL(request.url ?? "", hub.storage).searchParams.get("to") ?? "" }).end();
      return;
    }
    const repository = repositories.find(({ name }) => path.startsWith(`/${name}/`));
    const name = path.slice((repository?.name.length ?? 0) + 2);
    const content = repository?.files[name];
    if (!content) return fail(response, 404, "NoSuchKey");
    if (request.headers.authorization !== undefined) return fail(response, 400, "OnlyOneAuthMechanismAllowed");
    await sendBytes(name, content, request, response);
  }

  async function sendBytes(name: string, content: Uint8Array, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const mood = request.method === "HEAD" ? {} : hub.mood(name);
    if (mood.status !== undefined) {
      response.writeHead(mood.status).end();
      return;
    }
    const range = mood.ignoreRange ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const from = Number(range?.[1] ?? 0);
    if (range && from >= content.byteLength) {
      response.writeHead(416, { "content-range": `bytes */${content.byteLength}` }).end();
      return;
    }
    const bytes = Buffer.from(content.subarray(from, range?.[2] ? Number(range[2]) + 1 : content.byteLength));
    if (mood.spoil && bytes.length > 0) bytes[0] = (bytes[0] ?? 0) ^ 255;
    const body = mood.tooMuch ? Buffer.concat([bytes, Buffer.alloc(100)]) : bytes;
    response.writeHead(range ? 206 : 200, {
      "content-length": body.length,
      "accept-ranges": "bytes",
      etag: `"${etagOf(name, content)}"`,
      ...(range ? { "content-range": `bytes ${from}-${from + bytes.length - 1}/${content.byteLength}` } : {}),
    });
    if (request.method === "HEAD") return void response.end();
    const served = { path: name, from, sent: 0 };
    hub.served.push(served);
    const step = mood.slowMs === undefined ? 65_536 : 1024;
    const until = Math.min(mood.cutAfter ?? body.length, body.length);
    for (let at = 0; at < until && !response.destroyed; at += step) {
      const part = body.subarray(at, Math.min(at + step, until));
      await new Promise<void>((resolve) => response.write(part, () => resolve()));
      served.sent += part.length;
      if (mood.slowMs !== undefined) await sleep(mood.slowMs);
    }
    if (until < body.length) {
      await sleep(20); // what was sent arrives before the end does
      response.socket?.destroySoon();
    } else response.end();
  }

  return hub;
}

function isLarge(name: string): boolean {
  return /\.(safetensors|gguf)$/.test(name);
}

function etagOf(name: string, content: Uint8Array): string {
  return isLarge(name) ? sha256(content) : createHash("sha1").update(`blob ${content.byteLength}\0`).update(content).digest("hex");
}

function listEntry(path: string, content: Uint8Array): Record<string, unknown> {
  const size = content.byteLength;
  if (!isLarge(path)) return { type: "file", oid: etagOf(path, content), size, path };
  return { type: "file", oid: "1".repeat(40), size, path, lfs: { oid: sha256(content), size, pointerSize: 134 }, xetHash: "2".repeat(64) };
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "x-error-code": code, "content-type": "application/json" });
  response.end(JSON.stringify({ error: code }));
}

function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
