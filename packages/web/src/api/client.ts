import type { Problem } from "@lexiscope/contract";

/** What the server said went wrong, or that it said nothing (`code` "unreachable"). */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: string;
  readonly status: number;
  readonly field: string | undefined;
  readonly hint: string | undefined;

  constructor(error: Problem["error"], status: number) {
    super(error.message);
    this.code = error.code;
    this.status = status;
    this.field = error.field;
    this.hint = error.hint;
  }
}

/** Says `lost` whenever the server was not there for somebody who asked it or listened to it. */
export const connection: EventTarget = new EventTarget();

export function sayLost(): void {
  connection.dispatchEvent(new Event("lost"));
}

type Query = Record<string, string | number | boolean | null | undefined>;

/** A path of segments, each escaped, with a query; what is null, undefined or empty is left out. */
export function apiPath(segments: readonly (string | number)[], query: Query = {}): string {
  const path = segments.map((segment) => encodeURIComponent(segment)).join("/");
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== "") search.set(key, String(value));
  const text = search.toString();
  return `/api/${path}${text === "" ? "" : `?${text}`}`;
}

/** A question to the server as the cache knows it. */
export interface Question<T> {
  queryKey: readonly unknown[];
  queryFn: (context: { signal: AbortSignal }) => Promise<T>;
  gcTime?: number;
}

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/** Asks the server; the caller names the shape, which the server's contract holds to. Errors: {@link ApiError}. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

/** As {@link request}, for a response that is read as a stream. */
export async function send(path: string, { method = "GET", body, signal }: RequestOptions = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    sayLost();
    throw new ApiError(
      { code: "unreachable", message: "the server does not answer", hint: "is `lexiscope serve` still running? Start it again and retry" },
      0,
    );
  }
  if (response.ok) return response;
  if (response.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  const problem = (await response.json().catch(() => undefined)) as Problem | undefined;
  throw new ApiError(problem?.error ?? { code: "internal", message: `the server answered ${response.status}` }, response.status);
}
