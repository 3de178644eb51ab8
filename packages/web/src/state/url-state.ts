import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";

/** The query of the page's address, and a way to change parts of it. Null removes a key. `push` makes a step of the history. */
export function useUrlState(): [
  URLSearchParams,
  (changes: Record<string, string | readonly string[] | null>, options?: { push?: boolean }) => void,
] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const params = useMemo(() => new URLSearchParams(search), [search]);
  const change = useCallback(
    (changes: Record<string, string | readonly string[] | null>, options: { push?: boolean } = {}) => {
      const next = new URLSearchParams(location.search);
      for (const [key, value] of Object.entries(changes)) {
        next.delete(key);
        if (value === null) continue;
        for (const item of typeof value === "string" ? [value] : value) next.append(key, item);
      }
      const text = next.toString();
      navigate(`${location.pathname}${text === "" ? "" : `?${text}`}`, { replace: options.push !== true });
    },
    [navigate],
  );
  return [params, change];
}

/** The n-th segment of the page's path as text (`/atlas/first` → 1: first). The router's own path is half decoded: `%3F` and `50%` cannot be told apart there. */
export function pathSegment(n: number): string | undefined {
  const segment = location.pathname.split("/")[n + 1];
  return segment === undefined || segment === "" ? undefined : safeDecode(segment);
}

/** A segment of an address as text; one that is no valid escape is taken as it stands. */
export function safeDecode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** `lo..hi` with either side empty; undefined when it is none. */
export function parseRange(text: string | null): [number | undefined, number | undefined] | undefined {
  const match = /^([0-9.e+-]*)\.\.([0-9.e+-]*)$/i.exec(text ?? "");
  if (!match) return undefined;
  const side = (part: string | undefined): number | undefined =>
    part === undefined || part === "" || !Number.isFinite(Number(part)) ? undefined : Number(part);
  const range: [number | undefined, number | undefined] = [side(match[1]), side(match[2])];
  return range[0] === undefined && range[1] === undefined ? undefined : range;
}

export function formatRange([low, high]: readonly [number | undefined, number | undefined]): string {
  const text = (value: number | undefined): string => (value === undefined ? "" : String(Number(value.toPrecision(4))));
  return `${text(low)}..${text(high)}`;
}
