import { basename } from "node:path";
import type { Atlas, Overlay } from "@lexiscope/atlas";
import { type FeatureListQuery, featureListQuerySchema, type FeatureRow } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import { findFeatures, type ListQuery } from "../features/list.ts";
import { featureRows } from "../features/rows.ts";
import { toCsv } from "./csv.ts";
import { cite, source } from "./feature.ts";
import { contentTypes, type ExportFormat, type ExportedFile, fileName } from "./file.ts";
import { listSvg } from "./list-svg.ts";
import { toPng } from "./png.ts";

/** Rows of a file, and of a picture: a longer one nobody can look at. */
export const exportLimits = { file: 100_000, picture: 200 } as const;
const usualLimits = { file: 10_000, picture: 40 } as const;
/** Rows that are read at once. */
const pageRows = 500;

export interface ExportListOptions {
  atlas: Atlas;
  /** Search, order, filters; `limit` rows, at most {@link exportLimits}. */
  query?: (Omit<FeatureListQuery, "limit"> & { limit?: number | undefined }) | undefined;
  format: ExportFormat;
  name?: string | undefined;
  overlay?: Overlay | undefined;
  signal?: AbortSignal | undefined;
}

/** A view of the feature list as a file. */
export async function exportList(options: ExportListOptions): Promise<ExportedFile> {
  const { atlas, format, overlay, signal, name: id = basename(atlas.path) } = options;
  const kind = format === "svg" || format === "png" ? "picture" : "file";
  const { limit = usualLimits[kind], ...asked } = options.query ?? {};
  const most = exportLimits[kind];
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    throw new LexiscopeError("invalid_input", `limit is ${limit}; a ${format} file has 1 to ${most} rows`, {
      field: "limit",
      hint: "page with offset",
    });
  const query = featureListQuerySchema.parse(asked);
  const { rows, total } = await readRows(atlas, overlay, query, limit);
  const body = async (): Promise<ExportedFile["body"]> => {
    if (format === "json") {
      const head = { kind: "lexiscope-features", ...source(atlas), atlas: id, query: asked, total };
      return `${JSON.stringify({ ...head, items: rows }, null, 2)}\n`;
    }
    if (format === "csv") return rowsCsv(id, rows);
    const svg = listSvg({ title: `Features of ${id}`, view: describeView(query), rows, total, citation: cite(atlas, id) });
    return format === "svg" ? svg : toPng(svg, signal);
  };
  return { filename: fileName([id, "features"], format), contentType: contentTypes[format], body: await body() };
}

async function readRows(
  atlas: Atlas,
  overlay: Overlay | undefined,
  query: ListQuery,
  limit: number,
): Promise<{ rows: FeatureRow[]; total: number }> {
  const rows: FeatureRow[] = [];
  for (;;) {
    const page = { ...query, offset: query.offset + rows.length, limit: Math.min(pageRows, limit - rows.length) };
    const { items, total } = findFeatures(atlas, overlay, page);
    rows.push(...featureRows(items, overlay));
    if (items.length === 0 || rows.length >= limit) return { rows, total };
    await new Promise((resolve) => setImmediate(resolve)); // others are served in between
  }
}

function rowsCsv(id: string, rows: readonly FeatureRow[]): string {
  const header = ["id", "index", "name", "word", "top_token", "density", "fired", "maximum", "mean", "effect", "top_output"];
  return toCsv(
    header,
    rows.map((row) => [
      `${id}/${row.index}`,
      row.index,
      row.name,
      row.word,
      row.topToken,
      row.density,
      row.fired,
      row.maximum,
      row.mean,
      row.effect,
      row.topOutput,
    ]),
  );
}

function describeView(query: ListQuery): string {
  const bounds = (["density", "maximum", "effect"] as const).flatMap((column) => {
    const [low, high] = [query[`${column}Min`], query[`${column}Max`]];
    return low === undefined && high === undefined ? [] : [`${column} ${low ?? "…"} to ${high ?? "…"}`];
  });
  const sort = query.sort ?? (query.q === undefined ? "readability" : "relevance");
  const parts = [
    query.q === undefined ? undefined : `search “${query.q}”`,
    `by ${sort}, ${query.order}`,
    ...bounds,
    query.alive === undefined ? undefined : query.alive === "true" ? "alive" : "dead",
    query.named === undefined ? undefined : "named",
    query.list === undefined ? undefined : "members of a list",
  ];
  return parts.filter((part) => part !== undefined).join(" · ");
}
