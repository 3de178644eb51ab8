import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { asDiskError, formatBytes, LexiscopeError, messageOf, syncFolder, throwIfAborted } from "@lexiscope/core";
import type { HubFile, HubQuery } from "./listing.ts";
import { request, retry, Transient } from "./request.ts";

/** A server that breaks off more often than this in one file is given up, though each try brought some bytes. */
const maxBreaks = 10_000;

export interface TransferOptions extends HubQuery {
  commit: string;
  file: HubFile;
  /** Where the whole file is to lie; beside it lies the part that is here so far. */
  blob: string;
  /** Bytes of this file that are here now. */
  onBytes: (bytes: number) => void;
}

/**
 * The part of a blob that is here so far. A name of our own: Hugging Face's Python library locks in a way that Node
 * cannot, and two writers of one file would spoil it.
 */
export function partPath(blob: string): string {
  return `${blob}.lexiscope.incomplete`;
}

/** Bytes of a blob that need not be fetched again. */
export async function bytesHere(blob: string, bytes: number): Promise<number> {
  if ((await sizeOf(blob)) === bytes) return bytes;
  const part = await sizeOf(partPath(blob));
  return part === undefined || part > bytes ? 0 : part;
}

/** Fetches what is missing of a file, checks the whole by its hash, fsyncs, and renames it into place. */
export async function transferFile(options: TransferOptions): Promise<void> {
  const { file, blob, signal, onBytes } = options;
  if ((await sizeOf(blob)) === file.bytes) {
    if ((await hashFile(blob, file, signal)) === file.hash.hex) return onBytes(file.bytes);
    await rm(blob); // another tool's damaged download
  }
  const path = partPath(blob);
  try {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    try {
      const resumed = await Part.open(handle, file, signal);
      const kept = resumed.bytes;
      let hex = await fill(resumed, options);
      if (hex !== file.hash.hex && kept > 0) hex = await fill(await Part.open(handle, file, signal, true), options); // what was kept may have been the fault
      if (hex !== file.hash.hex) {
        await rm(path, { force: true });
        throw wrongHash(options, hex);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(path, blob);
    await syncFolder(dirname(blob));
  } catch (error) {
    throw asDiskError(error, path);
  }
}

/** Fetches until the part is whole; the hash of all. */
async function fill(part: Part, options: TransferOptions): Promise<string> {
  const { hub, repo, file, patience, signal, onBytes } = options;
  onBytes(part.bytes);
  let tries = 0;
  if (part.bytes < file.bytes)
    await retry(
      async (attemptSignal, heard) => {
        if (++tries > maxBreaks) throw brokeOff(options, part, `it broke off ${maxBreaks} times`);
        await fetchRest(part, options, attemptSignal, heard);
      },
      { patience, signal, moved: () => part.reached, giveUp: (last) => brokeOff(options, part, last.message) },
    );
  throwIfAborted(signal);
  if (part.bytes !== file.bytes) throw new LexiscopeError("internal", `${repo}/${file.path} of ${hub.endpoint} was not fetched whole`);
  return part.digest();
}

async function fetchRest(
  part: Part,
  { hub, repo, commit, file, onBytes }: TransferOptions,
  signal: AbortSignal,
  heard: () => void,
): Promise<void> {
  const address = `${hub.endpoint}/${repo}/resolve/${commit}/${file.path.split("/").map(encodeURIComponent).join("/")}`;
  const range: Record<string, string> = part.bytes > 0 ? { range: `bytes=${part.bytes}-` } : {};
  const response = await request(hub, address, { headers: { "accept-encoding": "identity", ...range }, signal, repo });
  heard();
  try {
    if (part.bytes > 0 && !continuesAt(response, part.bytes, file.bytes)) await part.restart(); // the server ignores ranges
    if (response.status === 416) throw new Transient("it has no such range");
    for await (const chunk of response.body ?? []) {
      heard();
      if (part.bytes + chunk.byteLength > file.bytes)
        throw new LexiscopeError(
          "bad_file",
          `${hub.endpoint} sends more of ${repo}/${file.path} than the ${file.bytes} bytes that it lists`,
          {
            field: file.path,
            hint: "run the command again; if it stays so, HF_ENDPOINT's copy is damaged",
          },
        );
      await part.append(chunk);
      onBytes(part.bytes);
    }
  } catch (error) {
    await response.body?.cancel().catch(() => {}); // closed already when it broke
    if (error instanceof LexiscopeError || error instanceof Transient || isDiskFault(error)) throw error;
    throw new Transient(`the connection broke: ${messageOf(error)}`, 0, error);
  }
  if (part.bytes < file.bytes) throw new Transient(`the connection ended after ${part.bytes} of ${file.bytes} bytes`);
}

function isDiskFault(error: unknown): boolean {
  const { syscall } = (error ?? {}) as { syscall?: unknown };
  return syscall === "write" || syscall === "ftruncate";
}

/** Whether an answer to a range request is that range. */
function continuesAt(response: Response, from: number, bytes: number): boolean {
  const whole = Number(response.headers.get("content-length") ?? bytes);
  if (response.status === 200 && whole !== bytes) throw new Transient(`it answers with ${whole} bytes instead of ${bytes}`); // not this file: keep what is here
  if (response.status !== 206) return false;
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  if (Number(match?.[1] ?? Number.NaN) !== from || (match?.[2] !== "*" && Number(match?.[2]) !== bytes))
    throw new Transient("it answers with another range than was asked for");
  return true;
}

/** The bytes of a file that are here, with the hash so far. */
class Part {
  bytes = 0;
  /** The most that was ever here; a server that begins anew each time brings nothing. */
  reached = 0;
  readonly #handle: FileHandle;
  readonly #file: HubFile;
  #hash: Hash;

  private constructor(handle: FileHandle, file: HubFile) {
    this.#handle = handle;
    this.#file = file;
    this.#hash = startHash(file);
  }

  static async open(handle: FileHandle, file: HubFile, signal: AbortSignal | undefined, anew = false): Promise<Part> {
    const part = new Part(handle, file);
    const { size } = await handle.stat();
    if (anew || size > file.bytes) await handle.truncate(0);
    else part.reached = part.bytes = await hashInto(part.#hash, handle, signal);
    return part;
  }

  async restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.bytes = 0;
    this.#hash = startHash(this.#file);
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength;)
      at += (await this.#handle.write(chunk, at, chunk.byteLength - at, this.bytes + at)).bytesWritten;
    this.#hash.update(chunk);
    this.bytes += chunk.byteLength;
    this.reached = Math.max(this.reached, this.bytes);
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}

function startHash({ hash, bytes }: HubFile): Hash {
  return hash.kind === "sha256" ? createHash("sha256") : createHash("sha1").update(`blob ${bytes}\0`);
}

async function hashFile(path: string, file: HubFile, signal: AbortSignal | undefined): Promise<string> {
  const handle = await open(path, "r");
  try {
    const hash = startHash(file);
    await hashInto(hash, handle, signal);
    return hash.digest("hex");
  } finally {
    await handle.close();
  }
}

async function hashInto(hash: Hash, handle: FileHandle, signal: AbortSignal | undefined): Promise<number> {
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (let at = 0; ;) {
    throwIfAborted(signal);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return at;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

function brokeOff({ hub, repo, file }: TransferOptions, part: Part, why: string): LexiscopeError {
  return new LexiscopeError(
    "environment",
    `${repo}/${file.path} could not be fetched whole from ${hub.endpoint}: ${why}; ${formatBytes(part.bytes)} of ${formatBytes(file.bytes)} are here`,
    { field: file.path, hint: "run the same command again: it goes on where it stopped" },
  );
}

function wrongHash({ hub, repo, file }: TransferOptions, hex: string): LexiscopeError {
  return new LexiscopeError(
    "bad_file",
    `${repo}/${file.path} came damaged from ${hub.endpoint}: its ${file.hash.kind === "sha256" ? "SHA-256" : "git SHA-1"} is ${hex}, not ${file.hash.hex}`,
    { field: file.path, hint: "it was deleted; run the command again, and if it stays so, try another HF_ENDPOINT" },
  );
}
