import { memo, useCallback, useMemo, type CSSProperties, type MouseEvent, type ReactElement } from "react";
import { isBytes, textDirection, tokenParts, visibleToken } from "./token-text.ts";
import { activationTip, useTokenTip } from "./token-tip.ts";
import "./tokens.css";

export interface ShadedToken {
  text: string;
  activation: number;
  /** Why the dictionary says nothing about it. */
  leftOut?: string | null;
}

/** Text with each token shaded by its activation as a share of `maximum`; the exact value stands in the tooltip. */
export const ShadedText = memo(function ShadedText({
  tokens,
  maximum,
  peak,
  onToken,
}: {
  tokens: readonly ShadedToken[];
  maximum: number;
  /** Index of the token that is outlined. */
  peak?: number | undefined;
  onToken?: ((index: number) => void) | undefined;
}): ReactElement {
  const describe = useCallback(
    (index: number) => {
      const token = tokens[index];
      if (!token) return undefined;
      return token.leftOut
        ? { token: token.text, lines: [`left out: ${token.leftOut}`] }
        : activationTip(token.text, token.activation, maximum);
    },
    [tokens, maximum],
  );
  const tip = useTokenTip(describe);
  const direction = useMemo(() => textDirection(tokens.map(({ text }) => text)), [tokens]);
  const click =
    onToken &&
    (({ target }: MouseEvent) => {
      const at = target instanceof Element ? target.closest("[data-i]")?.getAttribute("data-i") : null;
      if (typeof at === "string") onToken(Number(at));
    });
  return (
    // Each token is isolated, so that a right-to-left mark in one cannot turn its neighbours.
    <span className="shaded" dir={direction} onClick={click} {...tip}>
      <TokenRun tokens={tokens} maximum={maximum} peak={peak} />
    </span>
  );
});

/** Tokens `from` to `to` of a text, each with its index as `data-i`. */
export function TokenRun({
  tokens,
  maximum,
  from = 0,
  to = tokens.length,
  peak,
  breaks = true,
}: {
  tokens: readonly ShadedToken[];
  maximum: number;
  from?: number;
  to?: number;
  peak?: number | undefined;
  /** Whether the text's own line breaks break the line here. */
  breaks?: boolean;
}): ReactElement {
  return (
    <>
      {tokens.slice(from, to).map(({ text, activation, leftOut }, k) => {
        const i = from + k;
        return (
          <bdi
            key={i}
            data-i={i}
            className={`token${activation > 0 ? " on" : ""}${i === peak ? " peak" : ""}${leftOut ? " left-out" : ""}${isBytes(text) ? " bytes" : ""}`}
            style={shade(activation, maximum)}
          >
            {visibleToken(text)}
            {breaks && text.includes("\n") && <br />}
          </bdi>
        );
      })}
    </>
  );
}

/** A token in a list, its outer spaces to be seen. */
export function TokenLabel({ text }: { text: string }): ReactElement {
  const { before, core, after } = tokenParts(text);
  return (
    <bdi className={`token-label${isBytes(text) ? " bytes" : ""}`}>
      {before !== "" && <span className="space">{before}</span>}
      {core}
      {after !== "" && <span className="space">{after}</span>}
    </bdi>
  );
}

/** `--heat` from 0 to 1, which the style sheet turns into a colour of the theme. */
export function shade(activation: number, maximum: number): CSSProperties | undefined {
  if (!(activation > 0)) return undefined;
  return {
    "--heat": Math.min(1, 0.12 + 0.88 * Math.min(1, activation / (maximum > 0 ? maximum : activation))).toFixed(3),
  } as CSSProperties;
}
