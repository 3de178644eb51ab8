import { type FeatureListQuery, featureListQuerySchema } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import { parseFeatureRef } from "./choose-atlas.ts";

/** What a view shows: a feature of an atlas, or a list of them. */
export interface View {
  atlas: string | undefined;
  feature: number | undefined;
  query: FeatureListQuery;
}

const ranges = ["density", "maximum", "effect"] as const;

/** Reads `ATLAS/N`, `N`, `ATLAS`, or an address of the page, whole or from its path on. */
export function parseView(text: string): View {
  const url = /^https?:\/\//.test(text)
    ? text
    : text.startsWith("/atlas/") || text.includes("?")
      ? `http://localhost${text.startsWith("/") ? "" : "/"}${text}`
      : undefined;
  if (url !== undefined) return parseLink(text, url);
  const name = text.trim();
  if (/^(?:.+\/)?\d{1,10}$/.test(name))
    return { atlas: parseFeatureRef(name, undefined).atlas, feature: parseFeatureRef(name, undefined).index, query: {} };
  if (name === "") throw noView(text);
  return { atlas: name, feature: undefined, query: {} };
}

function parseLink(text: string, url: string): View {
  if (!URL.canParse(url)) throw noView(text);
  const { pathname, searchParams } = new URL(url);
  const [, place, atlas, feature, ...more] = pathname.split("/").map(decode);
  if (place !== "atlas" || !atlas || more.length > 0 || (feature !== undefined && !/^\d{1,10}$/.test(feature))) throw noView(text);
  if (feature !== undefined) return { atlas, feature: Number(feature), query: {} };
  return { atlas, feature: undefined, query: parseQuery(searchParams) };
}

/** The page writes ranges as `lo..hi`; everything else has the names that the API has. */
function parseQuery(params: URLSearchParams): FeatureListQuery {
  const query: Record<string, string> = Object.fromEntries([...params].filter(([, value]) => value !== ""));
  for (const column of ranges) {
    const [low = "", high = ""] = (query[column] ?? "").split("..");
    delete query[column];
    if (low !== "") query[`${column}Min`] = low;
    if (high !== "") query[`${column}Max`] = high;
  }
  const parsed = featureListQuerySchema.omit({ limit: true, offset: true }).safeParse(query);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new LexiscopeError("invalid_input", `the link's ${issue?.path.join(".") ?? "query"} is not understood: ${issue?.message ?? ""}`, {
    field: issue?.path.join(".") ?? "view",
    hint: "copy the link from the Atlas screen again",
  });
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function noView(text: string): LexiscopeError {
  return new LexiscopeError("invalid_input", `${JSON.stringify(text)} is no view that can be exported`, {
    field: "view",
    hint: "give ATLAS/N, ATLAS, or a link of the Atlas or Feature screen",
  });
}
