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

/** Most file systems take 255, and the format follows. */
const maxNameBytes = 200;

/** A name that every file system takes: `first-1234.svg`. */
export function fileName(parts: readonly (string | number)[], format: string): string {
  const name = cutTo(maxNameBytes, parts.join("-").replaceAll(/[^\p{L}\p{N}._-]+/gu, "-"));
  return `${name.replace(/^[-.]+/, "") || "lexiscope"}.${format}`;
}

/** So many bytes of UTF-8 at most; no character is cut in two. */
function cutTo(most: number, text: string): string {
  let bytes = 0;
  let kept = "";
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > most) break;
    kept += character;
  }
  return kept;
}

/** Content-Disposition for a name in any script (RFC 6266). */
export function attachment(filename: string): string {
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\]/g, "_");
  const coded = encodeURIComponent(filename).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${coded}`;
}
