import type { FeatureRow } from "@lexiscope/contract";
import { formatCount } from "@lexiscope/core";
import { short, share } from "./numbers.ts";
import { clip, colors, document, element, text } from "./svg.ts";

const width = 960;
const margin = 32;
const rowHeight = 24;

interface Column {
  label: string;
  x: number;
  end?: boolean;
  mono?: boolean;
  of(row: FeatureRow): string;
}

const columns: readonly Column[] = [
  { label: "feature", x: margin, of: ({ index }) => String(index) },
  { label: "name or word", x: 112, of: ({ name, word }) => clip(name ?? word, 34) },
  { label: "strongest on", x: 384, mono: true, of: ({ topToken }) => clip(topToken, 17) },
  { label: "density", x: 608, end: true, of: ({ density }) => share(density) },
  { label: "maximum", x: 700, end: true, of: ({ maximum }) => short(maximum) },
  { label: "effect", x: 778, end: true, of: ({ effect }) => short(effect) },
  { label: "raises most", x: 800, mono: true, of: ({ topOutput }) => clip(topOutput, 16) },
];

export interface ListPicture {
  title: string;
  /** What was searched, sorted and filtered. */
  view: string;
  rows: readonly FeatureRow[];
  total: number;
  citation: string;
}

/** A table of features as a picture. */
export function listSvg({ title, view, rows, total, citation }: ListPicture): string {
  const head = 112;
  const body = [
    text(margin, 52, clip(title, 70), { size: 22, weight: 600 }),
    text(margin, 76, clip(`${view} · ${formatCount(rows.length)} of ${formatCount(total)} features`, 120), { fill: colors.quiet }),
    ...columns.map(({ label, x, end }) => text(x, head, label, { size: 11, fill: colors.quiet, anchor: end ? "end" : "start" })),
  ];
  for (const [i, row] of rows.entries()) {
    const y = head + 26 + i * rowHeight;
    body.push(element("line", { x1: margin, x2: width - margin, y1: y - 17, y2: y - 17, stroke: colors.line, "stroke-width": 0.75 }));
    for (const { x, end, mono, of } of columns)
      body.push(text(x, y, of(row), { size: 12, anchor: end ? "end" : "start", family: mono ? "mono" : "sans" }));
  }
  const foot = head + 26 + rows.length * rowHeight + 20;
  body.push(element("line", { x1: margin, x2: width - margin, y1: foot - 18, y2: foot - 18, stroke: colors.line }));
  body.push(text(margin, foot, clip(citation, 150), { size: 11, fill: colors.quiet }));
  return document(width, foot + 24, title, body);
}
