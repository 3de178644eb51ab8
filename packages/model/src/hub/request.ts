import { setTimeout as sleep } from "node:timers/promises";
import { LexiscopeError, messageOf, throwIfAborted, version } from "@lexiscope/core";
import type { Hub } from "./settings.ts";

/** A file's redirects: hub, its new name, storage. More than this goes in circles. */
const maxRedirects = 10;
/** What the hub's API answers at most; a listing page of 1,000 files has some 300 kB. */
const maxApiBytes = 32 * 2 ** 20;
/** A hub that asks for a longer pause than this is not waited for so long. */
const maxPauseMs = 60_000;

/** How a download meets trouble. */
export interface Patience {
  /** Pauses before the second try, the third …; used anew after each try that brought bytes. */
  pausesMs: readonly number[];
  /** A connection that brings nothing for so long is given up. */
  silenceMs: number;
}

export const defaultPatience: Patience = { pausesMs: [500, 1000, 2000, 4000, 8000], silenceMs: 60_000 };

/** A fault that may be gone at the next try. */
export class Transient extends Error {
  readonly pauseMs: number;
  constructor(message: string, pauseMs = 0, cause?: unknown) {
    super(message, { cause });
    this.pauseMs = pauseMs;
  }
}

export interface RequestOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** The model that is asked for, for messages. */
  repo: string;
}

/**
 * One GET, redirects followed here: the token goes to the endpoint's origin only, and no more once another host has
 * been visited. An answer that is neither 2xx nor 416 is thrown: as {@link Transient}, or as the error that it means.
 */
export async function request(hub: Hub, address: string, { headers = {}, signal, repo }: RequestOptions): Promise<Response> {
  const { origin } = new URL(hub.endpoint);
  let url = new URL(address);
  let trusted = true;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    trusted &&= url.origin === origin;
    const own = { "user-agent": `lexiscope/${version}`, ...(trusted && hub.token ? { authorization: `Bearer ${hub.token}` } : {}) };
    const response = await fetch(url, { redirect: "manual", headers: { ...headers, ...own }, signal: signal ?? null }).catch(
      (error: unknown) => {
        throw networkError(error, url, repo);
      },
    );
    if (response.ok || response.status === 416) return response;
    await response.body?.cancel().catch(() => {});
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) throw statusError(hub, response, repo, trusted);
    const next = URL.parse(location, url.href);
    if (!next || !/^https?:$/.test(next.protocol)) throw notAHub(hub, `redirects to ${JSON.stringify(location.slice(0, 200))}`);
    url = next;
  }
  throw notAHub(hub, `redirects more than ${maxRedirects} times`);
}

/** The body of an API answer, bounded. */
export async function readBounded(hub: Hub, response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of response.body ?? []) {
      bytes += part.byteLength;
      if (bytes > maxApiBytes) throw notAHub(hub, `answers with more than ${maxApiBytes} bytes`);
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof LexiscopeError ? error : new Transient(messageOf(error), 0, error);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Tries again after a {@link Transient} fault or a silence (`heard` says that something came); `moved` counts what was got so far, and patience begins anew when it grew. */
export async function retry<T>(
  attempt: (signal: AbortSignal, heard: () => void) => Promise<T>,
  options: { patience: Patience; signal: AbortSignal | undefined; giveUp: (last: Transient) => LexiscopeError; moved?: () => number },
): Promise<T> {
  const { patience, signal, giveUp, moved = () => 0 } = options;
  let failures = 0;
  let before = moved();
  for (;;) {
    throwIfAborted(signal);
    const silence = new Silence(patience.silenceMs);
    try {
      return await attempt(signal ? AbortSignal.any([signal, silence.signal]) : silence.signal, () => silence.broken());
    } catch (error) {
      throwIfAborted(signal);
      const fault = silence.signal.aborted ? new Transient(`nothing came for ${patience.silenceMs / 1000} s`, 0, error) : error;
      if (!(fault instanceof Transient)) throw fault;
      if (moved() > before) failures = 0;
      before = moved();
      const pause = patience.pausesMs[failures++];
      if (pause === undefined) throw giveUp(fault);
      await sleep(Math.min(Math.max(pause, fault.pauseMs), maxPauseMs), undefined, signal ? { signal } : {}).catch(() => {});
    } finally {
      silence.end();
    }
  }
}

/** Aborts when it is not told for a while that something came. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }
  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  broken(): void {
    this.#timer.refresh();
  }
  end(): void {
    clearTimeout(this.#timer);
  }
}

export function notAHub(hub: Hub, what: string): LexiscopeError {
  return new LexiscopeError("bad_file", `${hub.endpoint} ${what}`, {
    field: "HF_ENDPOINT",
    hint: "check HF_ENDPOINT; a captive portal or a proxy may stand in the way; or get the model's folder by other means and name its path",
  });
}

/** No way to the hub at all is told at once; a connection that broke is tried again. */
function networkError(error: unknown, url: URL, repo: string): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown } | undefined)?.code;
  const broken = typeof code === "string" && /^(ECONNRESET|EPIPE|ETIMEDOUT|EAI_AGAIN|UND_ERR_.*)$/.test(code);
  if (broken) return new Transient(`the connection to ${url.host} broke (${code})`, 0, error);
  return new LexiscopeError(
    "environment",
    `${repo} is not all here, and ${url.host} cannot be reached: ${messageOf(cause) || String(code)}`,
    {
      field: "HF_ENDPOINT",
      hint: "check the network (behind a proxy: NODE_USE_ENV_PROXY=1 with HTTPS_PROXY) and HF_ENDPOINT, then run the command again; it goes on where it stopped",
      cause: error,
    },
  );
}

function statusError(hub: Hub, response: Response, repo: string, trusted: boolean): Error {
  const { status } = response;
  const meaning = response.headers.get("x-error-code");
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(response.headers.get("retry-after") ?? 0);
    return new Transient(`it answers with status ${status}`, Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0);
  }
  const page = `${hub.endpoint}/${repo}`;
  const withToken = hub.token === undefined ? "set HF_TOKEN to a token of yours" : "check that HF_TOKEN is the right token";
  if (meaning === "GatedRepo")
    return new LexiscopeError("environment", `${repo} is gated: its publisher wants to be asked first`, {
      field: "model",
      hint: `accept its terms at ${page}, then ${withToken}`,
    });
  if (meaning === "RevisionNotFound")
    return new LexiscopeError("not_found", `${repo} has no such revision`, {
      field: "model",
      hint: `see ${page}/commits; name a branch, tag or commit after the @`,
    });
  if (meaning === "EntryNotFound")
    return new LexiscopeError("not_found", `${repo} has no such file`, { field: "model", hint: `see ${page}/tree/main` });
  if (!trusted)
    return new LexiscopeError("environment", `the storage that ${hub.endpoint} sends to refuses ${repo} (status ${status})`, {
      field: "model",
      hint: "run the command again; the address may have expired",
    });
  if (meaning === "RepoNotFound" || status === 404 || (status === 401 && hub.token === undefined))
    return new LexiscopeError(
      "not_found",
      `there is no file or folder ${repo} here, and ${hub.endpoint} has no model ${repo} that everybody may see`,
      {
        field: "model",
        hint: `check the name; if the model is private, ${withToken}`,
      },
    );
  return new LexiscopeError("environment", `${hub.endpoint} refuses ${repo} (status ${status})`, {
    field: status === 401 ? "HF_TOKEN" : "model",
    hint: status === 401 || status === 403 ? `look at ${page}, and ${withToken}` : "check HF_ENDPOINT and the model's name",
  });
}
