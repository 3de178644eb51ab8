import type { InspectRequest, InspectResponse } from "@lexiscope/contract";
import { shellQuoted } from "@lexiscope/contract/job-command";

/** A command that asks the server the same. */
export function curlText(body: InspectRequest, { origin, signIn }: { origin: string; signIn: boolean }): string {
  return [
    `curl ${origin}/api/inspect`,
    "-H 'content-type: application/json'",
    ...(signIn ? ['-H "authorization: Bearer $LEXISCOPE_TOKEN"'] : []),
    `-d ${shellQuoted(JSON.stringify(body))}`,
  ].join(" \\\n  ");
}

/** RFC 4180: one row a token, its strongest features and the pinned ones in columns. Text that a spreadsheet would take for a formula gets an apostrophe in front. */
export function csvText(inspection: InspectResponse, pinned: InspectResponse["pinned"]): string {
  const width = Math.max(0, ...inspection.tokens.map(({ features }) => features.length));
  const ranks = Array.from({ length: width }, (_, i) => i);
  const header = [
    "position",
    "token",
    "left_out",
    "error_share",
    "active",
    ...pinned.map(({ index }) => `activation_${index}`),
    ...ranks.flatMap((i) => [`feature_${i + 1}`, `activation_${i + 1}`, `share_${i + 1}`].map((name) => `top_${name}`)),
  ];
  const rows = inspection.tokens.map((token, t) => [
    token.position,
    token.text,
    token.leftOut,
    token.error,
    token.active,
    ...pinned.map(({ activations }) => activations[t] ?? 0),
    ...ranks.flatMap((i) => {
      const feature = token.features[i];
      return [feature?.index, feature?.activation, feature?.share];
    }),
  ]);
  return [header, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(value: string | number | null | undefined): string {
  const text = typeof value === "string" && /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Hands the browser a file to save. */
export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
