import { listFiles, modelInfo } from "@huggingface/hub";
import { brief, LexiscopeError, messageOf } from "@lexiscope/core";
import { isPlainPath } from "./ref.ts";
import { notAHub, readBounded, request, retry, type Patience } from "./request.ts";
import type { Hub } from "./settings.ts";

/** Entries of one listing; repositories with more are archives, not models. Stops a listing that never ends. */
const maxEntries = 50_000;
/** Pages of one listing: the hub's have 1,000 entries. Stops empty pages that never end. */
const maxPages = 200;

/** A file of one commit of a repository. */
export interface HubFile {
  /** In the repository, with `/`. */
  path: string;
  bytes: number;
  /** `sha256` of the content (large files), or git's `sha1` of a blob: "blob ‹bytes›\0" and the content. */
  hash: { kind: "sha256" | "git-sha1"; hex: string };
}

export interface HubQuery {
  hub: Hub;
  repo: string;
  patience: Patience;
  signal: AbortSignal | undefined;
}

/** The commit that a branch, tag or shortened commit stands for. */
export async function resolveRevision(query: HubQuery, revision: string): Promise<string> {
  const { sha } = await ask(query, (common) => modelInfo({ ...common, name: query.repo, revision, additionalFields: ["sha"] }));
  if (typeof sha !== "string" || !/^[0-9a-f]{40}$/.test(sha)) throw notAHub(query.hub, `gives no commit for ${query.repo}`);
  return sha;
}

/** The files in a folder of a commit ("" for its root); names and hashes that could reach outside the cache are refused. */
export async function listHubFiles(query: HubQuery, commit: string, where: { folder: string; recursive: boolean }): Promise<HubFile[]> {
  const path = where.folder.split("/").map(encodeURIComponent).join("/");
  return ask(query, async (common) => {
    const files: HubFile[] = [];
    let entries = 0;
    for await (const entry of listFiles({
      ...common,
      repo: { type: "model", name: query.repo },
      revision: commit,
      path,
      recursive: where.recursive,
    })) {
      if (++entries > maxEntries) throw notAHub(query.hub, `lists more than ${maxEntries} files in ${query.repo}`);
      if (entry.type === "file") files.push(checkEntry(query, entry));
    }
    return files;
  });
}

function checkEntry({ hub, repo }: HubQuery, entry: unknown): HubFile {
  const { path, size, oid, lfs } = entry as { path: unknown; size: unknown; oid: unknown; lfs?: { oid: unknown; size: unknown } | null };
  const refuse = (what: string): LexiscopeError =>
    new LexiscopeError("bad_file", `${hub.endpoint} lists ${JSON.stringify(path)} in ${repo}: ${what}`, {
      field: "path",
      hint: "this repository is not to be trusted, or HF_ENDPOINT is no hub; nothing of it was kept",
    });
  if (typeof path !== "string" || !isPlainPath(path)) throw refuse("that is no name of a file in it");
  const bytes = lfs ? lfs.size : size;
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0) throw refuse(`${brief(bytes)} is no size`);
  if (lfs) {
    if (typeof lfs.oid !== "string" || !/^[0-9a-f]{64}$/.test(lfs.oid)) throw refuse("it has no SHA-256");
    return { path, bytes, hash: { kind: "sha256", hex: lfs.oid } };
  }
  if (typeof oid !== "string" || !/^[0-9a-f]{40}$/.test(oid)) throw refuse("it has no git hash");
  return { path, bytes, hash: { kind: "git-sha1", hex: oid } };
}

/** Calls the hub's library over our own requests: bounded, tried again, the token kept to the endpoint. */
async function ask<T>(
  { hub, repo, patience, signal }: HubQuery,
  call: (common: { hubUrl: string; fetch: typeof fetch }) => Promise<T>,
): Promise<T> {
  let pages = 0;
  const ownFetch: typeof fetch = async (input) => {
    if (++pages > maxPages) throw notAHub(hub, `gives a listing of ${repo} that does not end`);
    const address = input instanceof Request ? input.url : String(input);
    return retry(
      async (attemptSignal) => {
        const response = await request(hub, address, { headers: { accept: "application/json" }, signal: attemptSignal, repo });
        const link = response.headers.get("link");
        return new Response(await readBounded(hub, response), {
          headers: { "content-type": "application/json", ...(link ? { link } : {}) },
        });
      },
      {
        patience,
        signal,
        giveUp: (last) =>
          new LexiscopeError("environment", `${hub.endpoint} does not answer: ${last.message}`, {
            field: "HF_ENDPOINT",
            hint: "try again later",
            cause: last,
          }),
      },
    );
  };
  try {
    return await call({ hubUrl: hub.endpoint, fetch: ownFetch });
  } catch (error) {
    if (error instanceof LexiscopeError) throw error;
    throw notAHub(hub, `does not answer as a hub does: ${messageOf(error)}`);
  }
}
