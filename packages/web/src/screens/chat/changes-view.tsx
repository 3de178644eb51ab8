import type { FeatureChange } from "@lexiscope/contract";
import { memo, type ReactElement } from "react";
import { Link } from "wouter";
import { formatNumber, visibleToken } from "../../parts/format.ts";
import { TermLabel } from "../../parts/number.tsx";

/** The features that differ most between the plain and the edited answer, as links with bars. */
export const ChangesView = memo(function ChangesView({
  atlas,
  risen,
  fallen,
}: {
  atlas: string;
  risen: readonly FeatureChange[];
  fallen: readonly FeatureChange[];
}): ReactElement {
  const most = Math.max(1e-9, ...[...risen, ...fallen].map(({ change }) => Math.abs(change)));
  if (risen.length + fallen.length === 0) return <p className="answer-line quiet">No feature differs between the two answers.</p>;
  return (
    <details className="chat-changes" open>
      <summary>
        <TermLabel term="change">What changed in what the model reads</TermLabel>
      </summary>
      <div className="chat-changes-lists">
        <List name="rose" atlas={atlas} items={risen} most={most} />
        <List name="fell" atlas={atlas} items={fallen} most={most} />
      </div>
    </details>
  );
});

function List({
  name,
  atlas,
  items,
  most,
}: {
  name: "rose" | "fell";
  atlas: string;
  items: readonly FeatureChange[];
  most: number;
}): ReactElement {
  return (
    <section aria-label={`Features that ${name}`}>
      <h3>{name === "rose" ? "▲ rose" : "▼ fell"}</h3>
      {items.length === 0 && <p className="quiet">none</p>}
      <ul>
        {items.map(({ index, word, name: own, plain, edited, change }) => (
          <li key={index} title={`mean activation: plain ${formatNumber(plain)}, edited ${formatNumber(edited)}`}>
            <Link href={`/atlas/${encodeURIComponent(atlas)}/${index}`}>
              <bdi>{visibleToken(own ?? (word === "" ? "feature" : word))}</bdi> <span className="quiet">{index}</span>
            </Link>
            <span className="chat-changes-bar" aria-hidden="true">
              <span className={name} style={{ inlineSize: `${(100 * Math.abs(change)) / most}%` }} />
            </span>
            <span className="chat-changes-value">
              {change > 0 ? "+" : "−"}
              {Math.abs(change).toPrecision(2)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
