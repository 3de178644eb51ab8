/** A small writer of SVG: every text and attribute goes through `escapeXml`. Lengths in user units (pixels at 1×). */

export type Attributes = Record<string, string | number | undefined>;

/** Light, whatever the page's theme: pictures end up on white paper. */
export const colors = {
  paper: "#ffffff",
  ink: "#1b1b1a",
  quiet: "#66645e",
  line: "#dedbd3",
  bar: "#5b7a99",
  /** The shade of a token is this at an opacity that tells its activation. */
  shade: "#e8871e",
} as const;

const sans = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', 'Noto Sans', sans-serif";
/** The first is what a server has; all of them are about 0.6 wide. */
export const mono = "'DejaVu Sans Mono', ui-monospace, Menlo, Consolas, 'Noto Sans Mono', monospace";

/** XML 1.0 has no way to write most control characters, lone surrogates, U+FFFE and U+FFFF: they become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeXml(typeof value === "number" ? String(Math.round(value * 100) / 100) : String(value))}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

export interface TextStyle {
  size?: number;
  weight?: number;
  fill?: string;
  anchor?: "start" | "middle" | "end";
  family?: "sans" | "mono";
}

/** A line of text with its baseline at y. */
export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 13, weight, fill = colors.ink, anchor, family = "sans" } = style;
  return element(
    "text",
    {
      x,
      y,
      "font-family": family === "mono" ? mono : sans,
      "font-size": size,
      "font-weight": weight,
      fill,
      "text-anchor": anchor === "start" ? undefined : anchor,
      "xml:space": "preserve",
    },
    escapeXml(visible(content)),
  );
}

export function document(width: number, height: number, title: string, body: readonly string[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    element(
      "svg",
      { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${Math.round(height)}`, role: "img" },
      element("title", {}, escapeXml(visible(title))),
      element("rect", { width, height, fill: colors.paper }),
      ...body,
    ),
    "",
  ].join("\n");
}

/** What steers the direction of a text, or shows nothing, is written out: it must not turn the picture around. */
export function visible(content: string): string {
  return content
    .replaceAll("\r\n", "⏎")
    .replaceAll("\n", "⏎")
    .replaceAll("\t", "⇥")
    .replaceAll(
      /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu,
      (char) => `‹U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}›`,
    );
}

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])/u;

/** Cells that a text takes in a monospaced font: two for what is drawn wide. */
export function cells(content: string): number {
  let count = 0;
  for (const { segment } of graphemes.segment(content)) count += wide.test(segment) ? 2 : 1;
  return count;
}

/** Cut to so many cells, with an ellipsis. */
export function clip(content: string, most: number): string {
  const shown = visible(content);
  if (cells(shown) <= most) return shown;
  let kept = "";
  let count = 0;
  for (const { segment } of graphemes.segment(shown)) {
    count += wide.test(segment) ? 2 : 1;
    if (count >= most) break;
    kept += segment;
  }
  return `${kept}…`;
}
