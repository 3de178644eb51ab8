import type { Colors } from "../colors.ts";
import { visibleText } from "./visible-text.ts";

/** Tokens of a text with a feature's activation at each. */
export interface ShadedToken {
  text: string;
  activation: number;
}

/** Without colours, tokens from this share of the window's peak on are marked as «token». */
const markFrom = 0.5;

/** One line of text: each token shaded by its activation as a share of `maximum`, or the strongest marked without colours. */
export function shadedText(tokens: readonly ShadedToken[], maximum: number, colors: Colors): string {
  if (colors.enabled)
    return tokens
      .map(({ text, activation }) => colors.shade(visibleText(text), maximum > 0 ? Math.min(1, activation / maximum) : 0))
      .join("");
  const peak = Math.max(0, ...tokens.map(({ activation }) => activation));
  const marked = (token: ShadedToken | undefined): boolean =>
    token !== undefined && token.activation > 0 && token.activation >= markFrom * peak;
  return tokens
    .map((token, i) => {
      if (!marked(token)) return visibleText(token.text);
      // Neighbouring marked tokens share one pair of marks; a space before a word stays outside of them.
      const [, space = "", word = ""] = /^( *)([^]*)$/.exec(visibleText(token.text)) ?? [];
      return `${marked(tokens[i - 1]) ? space : `${space}«`}${word}${marked(tokens[i + 1]) ? "" : "»"}`;
    })
    .join("");
}

/** The tokens around a peak, with … where text is left out. */
export function windowAround<T>(
  tokens: readonly T[],
  peak: number,
  before: number,
  after: number,
): { tokens: T[]; cutBefore: boolean; cutAfter: boolean } {
  const from = Math.max(0, peak - before);
  const to = Math.min(tokens.length, peak + after + 1);
  return { tokens: tokens.slice(from, to), cutBefore: from > 0, cutAfter: to < tokens.length };
}
