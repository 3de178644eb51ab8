/** A file as it is downloaded or written. */
export interface ExportedFile {
  filename: string;
  contentType: string;
  body: string | Uint8Array<ArrayBuffer>;
}

export const exportFormats = ["json", "csv", "svg", "png"] as const;
export type ExportFormat = (typeof exportFormats)[number];

export const contentTypes: Record<ExportFormat, string> = {
  json: "application/json",
  csv: "text/csv; charset=utf-8; header=present",
  svg: "image/svg+xml",
  png: "image/png",
};

/** A name that every file system takes: `first-1234.svg`. */
export function fileName(parts: readonly (string | number)[], format: string): string {
  const name = parts
    .join("-")
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, "-")
    .slice(0, 100);
  return `${name.replace(/^[-.]+/, "") || "lexiscope"}.${format}`;
}

/** Content-Disposition for a name in any script (RFC 6266). */
export function attachment(filename: string): string {
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\]/g, "_");
  const coded = encodeURIComponent(filename).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${coded}`;
}
