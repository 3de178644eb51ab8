import type { FeatureRow } from "@lexiscope/contract";
import { memo, type MouseEvent, type ReactElement } from "react";
import { Link } from "wouter";
import { formatCount, formatNumber, formatShare, visibleToken } from "../../parts/format.ts";
import { Sensitive } from "../../parts/sensitive.tsx";

export interface RowProps {
  row: FeatureRow | undefined;
  position: number;
  y: number;
  href: string;
  id: string;
  active: boolean;
  selected: boolean;
  open: (position: number, event: MouseEvent) => void;
  select: (position: number, extend: boolean) => void;
}

/** One feature of the list. Its height is `rowHeight`, whatever it holds. */
export const FeatureListRow = memo(function FeatureListRow({
  row,
  position,
  y,
  href,
  id,
  active,
  selected,
  open,
  select,
}: RowProps): ReactElement {
  const style = { transform: `translateY(${y}px)` };
  if (!row)
    return (
      <div className="feature-row waiting" role="row" aria-rowindex={position + 2} id={id} style={style}>
        <span role="gridcell" className="feature-wait">
          {formatCount(position + 1)} …
        </span>
      </div>
    );
  const dead = row.fired === 0;
  return (
    <div
      className={`feature-row${active ? " active" : ""}${selected ? " selected" : ""}${dead ? " dead" : ""}`}
      role="row"
      aria-rowindex={position + 2}
      aria-selected={selected}
      id={id}
      style={style}
      onClick={(event) => open(position, event)}
    >
      <span role="gridcell">
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Select feature ${row.index}`}
          checked={selected}
          onClick={(event) => {
            event.stopPropagation();
            select(position, event.shiftKey);
          }}
          onChange={() => undefined}
        />
      </span>
      <span role="gridcell" className="number">
        <Link href={href} tabIndex={-1}>
          {row.index}
        </Link>
      </span>
      <span role="gridcell" className="feature-name">
        {row.name === null ? (
          dead ? (
            <span className="quiet">never fired</span>
          ) : row.word.trim() === "" ? (
            <span className="quiet">no word</span>
          ) : (
            <Sensitive text={row.word}>
              <bdi>{visibleToken(row.word)}</bdi>
            </Sensitive>
          )
        ) : (
          <Sensitive text={row.name}>
            <bdi className="own" title={`Your name; its word is “${row.word}”`}>
              {row.name}
            </bdi>
          </Sensitive>
        )}
      </span>
      <span role="gridcell" className="mono">
        <Token text={row.topToken} />
      </span>
      <span role="gridcell" className="mono wide">
        <Token text={row.topOutput} />
      </span>
      <span role="gridcell" className="number density">
        <span className="density-bar" style={{ width: `${(100 * densityBar(row.density)).toFixed(1)}%` }} />
        <span>{formatShare(row.density)}</span>
      </span>
      <span role="gridcell" className="number wide">
        {formatNumber(row.maximum)}
      </span>
      <span role="gridcell" className="number wide">
        {formatNumber(row.effect)}
      </span>
    </div>
  );
});

/** Length of a density's bar: 0 at one token in a million, 1 at every token, on a log scale. */
function densityBar(density: number): number {
  return density <= 0 ? 0 : Math.max(0.02, Math.min(1, 1 + Math.log10(density) / 6));
}

function Token({ text }: { text: string }): ReactElement | null {
  if (text === "") return null;
  return (
    <Sensitive text={text}>
      <bdi className="feature-token">{visibleToken(text)}</bdi>
    </Sensitive>
  );
}
