import { useMemo, type PointerEvent } from "react";
import { formatNumber } from "./format.ts";
import { quotedToken } from "./token-text.ts";

export interface TokenTip {
  token: string;
  lines: readonly string[];
}

/** The exact value of a token, with its share of a maximum. */
export function activationTip(token: string, activation: number, maximum: number): TokenTip {
  const share =
    maximum > 0 && activation > 0 ? `${formatNumber((100 * activation) / maximum)} % of the maximum ${formatNumber(maximum, 4)}` : "";
  return { token, lines: [`activation ${activation > 0 ? formatNumber(activation, 5) : "0"}`, share].filter((line) => line !== "") };
}

let tip: HTMLElement | undefined;

/** One element for the whole page, outside of React: moving over a long text draws nothing again. */
function element(): HTMLElement {
  if (tip) return tip;
  tip = document.createElement("div");
  tip.className = "token-tip";
  tip.hidden = true;
  tip.setAttribute("role", "status");
  document.body.append(tip);
  addEventListener("scroll", hideTokenTip, { capture: true, passive: true });
  return tip;
}

export function showTokenTip(anchor: Element, { token, lines }: TokenTip): void {
  const box = element();
  const name = document.createElement("b");
  name.textContent = quotedToken(token);
  box.replaceChildren(
    name,
    ...lines.map((line) => {
      const row = document.createElement("span");
      row.textContent = line;
      return row;
    }),
  );
  box.hidden = false;
  const at = anchor.getClientRects()[0] ?? anchor.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const below = at.bottom + 4 + height < innerHeight;
  box.style.left = `${Math.max(4, Math.min(at.left, innerWidth - width - 8))}px`;
  box.style.top = `${below ? at.bottom + 4 : at.top - height - 4}px`;
}

export function hideTokenTip(): void {
  if (tip) tip.hidden = true;
}

interface TipHandlers {
  onPointerOver: (event: PointerEvent) => void;
  onPointerLeave: () => void;
}

/** Handlers for an element whose tokens carry `data-i`. */
export function useTokenTip(describe: (index: number) => TokenTip | undefined): TipHandlers {
  return useMemo(
    () => ({
      onPointerOver: ({ target }) => {
        const token = target instanceof Element ? target.closest("[data-i]") : null;
        const content = token ? describe(Number(token.getAttribute("data-i"))) : undefined;
        if (token && content) showTokenTip(token, content);
        else hideTokenTip();
      },
      onPointerLeave: hideTokenTip,
    }),
    [describe],
  );
}
