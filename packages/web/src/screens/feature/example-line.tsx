import type { Example } from "@lexiscope/contract";
import { memo, useCallback, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import { formatNumber } from "../../parts/format.ts";
import { quotedToken, textDirection } from "../../parts/token-text.ts";
import { activationTip, hideTokenTip, showTokenTip, useTokenTip } from "../../parts/token-tip.ts";
import { TokenRun } from "../../parts/tokens.tsx";
import { isOffensive } from "../../state/offensive.ts";
import { useHideOffensive } from "../../state/preferences.ts";
import { ExampleContext } from "./example-context.tsx";

/** Tokens around the peak that a narrow page shows. */
const narrow = { before: 14, after: 8 };

/** One example as a line of a concordance: its peak stands beneath the peaks of the others. Opened, it shows the whole context. */
export const ExampleLine = memo(function ExampleLine({
  atlas,
  feature,
  maximum,
  example,
}: {
  atlas: string;
  feature: number;
  maximum: number;
  example: Example;
}): ReactElement {
  const [open, setOpen] = useState(false);
  const [shown, setShown] = useState(false);
  const [hide] = useHideOffensive();
  const line = useRef<HTMLLIElement>(null);
  const cursor = useRef(example.peak);
  const { tokens: texts, activations, peak, repeat, n } = example;
  const tokens = useMemo(() => texts.map((text, i) => ({ text, activation: activations[i] ?? 0 })), [texts, activations]);
  const offensive = useMemo(() => hide && !shown && isOffensive(texts.join("")), [hide, shown, texts]);
  const describe = useCallback((i: number) => tokens[i] && activationTip(tokens[i].text, tokens[i].activation, maximum), [tokens, maximum]);
  const tip = useTokenTip(describe);
  const value = activations[peak] ?? 0;
  const figure = value >= 1e-3 && value < 1000 ? value.toPrecision(3) : formatNumber(value);
  const near = { from: Math.max(0, peak - narrow.before), to: Math.min(tokens.length, peak + 1 + narrow.after) };

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (event.key === "Escape") {
      hideTokenTip();
      if (open) setOpen(false);
      return;
    }
    if (step === 0) return;
    event.preventDefault();
    cursor.current = Math.min(tokens.length - 1, Math.max(0, cursor.current + step));
    const token = line.current?.querySelector(`.line-text [data-i="${cursor.current}"]`);
    const content = describe(cursor.current);
    if (token && content) showTokenTip(token, content);
  };

  return (
    <li ref={line} className={`line${repeat ? " repeat" : ""}${open ? " open" : ""}`}>
      <button
        type="button"
        className="line-value"
        aria-expanded={open}
        aria-label={`${figure} on ${quotedToken(texts[peak] ?? "")}${repeat ? ", a repeat" : ""}: ${open ? "close" : "whole context"}`}
        onClick={() => setOpen(!open)}
        onKeyDown={onKeyDown}
        onBlur={() => {
          cursor.current = peak;
          hideTokenTip();
        }}
      >
        {figure}
      </button>
      {offensive ? (
        <p className="line-hidden quiet">
          Hidden: the word list finds it offensive.{" "}
          <button type="button" className="plain small" onClick={() => setShown(true)}>
            Show
          </button>
        </p>
      ) : (
        <div
          className="line-text"
          dir={textDirection(texts)}
          {...tip}
          onClick={() => {
            if (!(getSelection()?.isCollapsed ?? true)) return;
            hideTokenTip();
            setOpen(!open);
          }}
        >
          <span className="line-before">
            <span>
              <span className="line-far">
                <TokenRun tokens={tokens} maximum={maximum} to={near.from} breaks={false} />
              </span>
              <TokenRun tokens={tokens} maximum={maximum} from={near.from} to={peak} breaks={false} />
            </span>
          </span>
          <span className="line-after">
            <TokenRun tokens={tokens} maximum={maximum} from={peak} to={near.to} peak={peak} breaks={false} />
            <span className="line-far">
              <TokenRun tokens={tokens} maximum={maximum} from={near.to} breaks={false} />
            </span>
          </span>
        </div>
      )}
      <span
        className="line-place quiet"
        title={`Document ${example.document}, token ${example.start + example.from + peak}${repeat ? " · the same words stood in an earlier example" : ""}`}
      >
        {repeat ? "repeat" : `${example.document}:${example.start + example.from + peak}`}
      </span>
      {open && !offensive && <ExampleContext atlas={atlas} feature={feature} maximum={maximum} n={n} />}
    </li>
  );
});
