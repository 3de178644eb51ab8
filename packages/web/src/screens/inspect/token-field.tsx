import type { InspectResponse } from "@lexiscope/contract";
import { memo, useEffect, useMemo, useRef, type CSSProperties, type KeyboardEvent, type PointerEvent, type ReactElement } from "react";
import { isBytes, textDirection, visibleToken } from "../../parts/token-text.ts";
import { shade } from "../../parts/tokens.tsx";
import { chunkTokens } from "./chunk-tokens.ts";
import { stepToken, tokenId } from "./step-token.ts";

type Tokens = InspectResponse["tokens"];

/** Milliseconds that the pointer rests on a token before its features are shown: on the way to the panel it passes many. */
const rest = 40;

/** The whole text, a token at a time: shaded, with the error's share beneath. Looking at one shows its features; a click holds it. */
export function TokenField({
  tokens,
  shares,
  held,
  look,
  hold,
}: {
  tokens: Tokens;
  /** [tokens] 0 to 1 */
  shares: readonly number[];
  held: number | undefined;
  look: (at: number) => void;
  hold: (at: number | undefined) => void;
}): ReactElement {
  const field = useRef<HTMLDivElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const chunks = useMemo(() => chunkTokens(tokens.map(({ text }) => text)), [tokens]);
  const direction = useMemo(() => textDirection(tokens.map(({ text }) => text)), [tokens]);

  // Marked by hand: drawing thousands of tokens again for one mark would take longer than a frame.
  useEffect(() => {
    const chosen = held === undefined ? null : document.getElementById(tokenId(held));
    chosen?.classList.add("chosen");
    chosen?.setAttribute("aria-selected", "true");
    if (chosen) field.current?.setAttribute("aria-activedescendant", chosen.id);
    return () => {
      chosen?.classList.remove("chosen");
      chosen?.setAttribute("aria-selected", "false");
      field.current?.removeAttribute("aria-activedescendant");
    };
  }, [held, tokens]);

  const tokenAt = (target: EventTarget): number | undefined => {
    const at = target instanceof Element ? target.closest("[data-i]")?.getAttribute("data-i") : null;
    return typeof at === "string" ? Number(at) : undefined;
  };
  const onPointerOver = ({ target }: PointerEvent): void => {
    clearTimeout(timer.current);
    const at = tokenAt(target);
    if (at !== undefined) timer.current = setTimeout(() => look(at), rest);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") return hold(undefined);
    const to = field.current ? stepToken(field.current, event.key, held ?? -1, tokens.length) : undefined;
    if (to === undefined) return;
    event.preventDefault();
    hold(to);
    document.getElementById(tokenId(to))?.scrollIntoView({ block: "nearest" });
  };

  return (
    <div
      ref={field}
      className="token-field shaded"
      role="listbox"
      aria-label="Tokens of the text; arrow keys move between them"
      tabIndex={0}
      dir={direction}
      onPointerOver={onPointerOver}
      onPointerLeave={() => clearTimeout(timer.current)}
      onClick={({ target }) => {
        const at = tokenAt(target);
        if (at !== undefined && (getSelection()?.isCollapsed ?? true)) hold(at === held ? undefined : at);
      }}
      onKeyDown={onKeyDown}
    >
      {chunks.map(([from, to]) => (
        <Chunk key={from} tokens={tokens} shares={shares} from={from} to={to} alone={chunks.length === 1} />
      ))}
    </div>
  );
}

const Chunk = memo(function Chunk({
  tokens,
  shares,
  from,
  to,
  alone,
}: {
  tokens: Tokens;
  shares: readonly number[];
  from: number;
  to: number;
  alone: boolean;
}): ReactElement {
  return (
    <div className={alone ? "token-chunk" : "token-chunk far"} role="presentation">
      {tokens.slice(from, to).map(({ text, leftOut, error }, k) => {
        const i = from + k;
        // Squared: at most tokens some feature reaches half of its maximum, and what stands out is beyond that.
        const share = shares[i] ?? 0;
        return (
          <bdi
            key={i}
            id={tokenId(i)}
            data-i={i}
            role="option"
            aria-selected={false}
            aria-label={visibleToken(text).trim() === "" ? "space" : undefined}
            className={`token${leftOut ? " left-out" : ""}${isBytes(text) ? " bytes" : ""}${share > 0 ? " on" : ""}`}
            style={{ ...shade(share * share, 1), "--error": Math.min(1, error ?? 0).toFixed(3) } as CSSProperties}
          >
            {visibleToken(text)}
            {text.includes("\n") && <br />}
          </bdi>
        );
      })}
    </div>
  );
});
