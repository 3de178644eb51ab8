import { cells, colors, element, escapeXml, mono, visible } from "./svg.ts";

/** Advance of one cell at size 1, in the common monospaced fonts. `textLength` evens out the rest. */
const cellWidth = 0.602;

export interface ShadedToken {
  text: string;
  /** 0 to 1: share of the feature's maximum. */
  share: number;
  /** The token that the example was chosen for. */
  peak: boolean;
}

export interface TokenBlock {
  svg: string[];
  height: number;
}

/** Tokens one after the other, shaded by their activation, wrapped at the width; at most so many lines, begun so that the peak is among them. */
export function tokenBlock(
  tokens: readonly ShadedToken[],
  { x, y, width, size = 12, lines = 2 }: { x: number; y: number; width: number; size?: number; lines?: number },
): TokenBlock {
  const cell = size * cellWidth;
  const perLine = Math.floor(width / cell);
  const lineHeight = size * 1.6;
  const svg: string[] = [];
  let [line, column] = [0, 0];
  for (const token of tokens.slice(firstShown(tokens, perLine))) {
    // A token as long as a line is cut: bytes without meaning, mostly.
    const shown = visible(token.text).slice(0, perLine);
    const taken = cells(shown);
    if (taken === 0) continue;
    if (column + taken > perLine) {
      line++;
      column = 0;
    }
    if (line >= lines) break;
    svg.push(...tokenSvg(token, shown, { x: x + column * cell, y: y + line * lineHeight, width: taken * cell, size }));
    column += taken;
  }
  return { svg, height: (Math.min(line, lines - 1) + 1) * lineHeight };
}

/** At most a line of text before the peak. */
function firstShown(tokens: readonly ShadedToken[], perLine: number): number {
  const peak = tokens.findIndex((token) => token.peak);
  let first = Math.max(0, peak);
  for (let taken = 0; first > 0; first--) {
    taken += cells(visible(tokens[first - 1]?.text ?? ""));
    if (taken > perLine) break;
  }
  return first;
}

function tokenSvg(
  { share, peak }: ShadedToken,
  shown: string,
  { x, y, width, size }: { x: number; y: number; width: number; size: number },
): string[] {
  const box = { x, y: y - size * 1.05, width, height: size * 1.45, rx: 2 };
  const svg: string[] = [];
  if (share > 0) svg.push(element("rect", { ...box, fill: colors.shade, "fill-opacity": 0.1 + 0.6 * Math.min(1, share) }));
  if (peak) svg.push(element("rect", { ...box, fill: "none", stroke: colors.ink, "stroke-width": 0.75 }));
  if (shown.trim() !== "")
    svg.push(
      element(
        "text",
        { x, y, textLength: width, lengthAdjust: "spacingAndGlyphs", "xml:space": "preserve", "unicode-bidi": "isolate" },
        escapeXml(shown),
      ),
    );
  return svg;
}

/** What every token of a block shares. */
export function tokenGroup(svg: readonly string[], size = 12): string {
  return element("g", { "font-family": mono, "font-size": size, fill: colors.ink }, ...svg);
}
