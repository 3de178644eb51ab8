import type { FeatureDetail } from "@lexiscope/contract";
import { useState, type CSSProperties, type ReactElement } from "react";
import { Link } from "wouter";
import { usePrefetchFeature } from "../../api/feature-detail.ts";
import { formatCount, formatNumber } from "../../parts/format.ts";
import type { TermId } from "../../parts/glossary.ts";
import { TermLabel } from "../../parts/number.tsx";
import { TokenLabel } from "../../parts/tokens.tsx";
import { featureHref } from "./feature-address.ts";

const few = 8;

interface Related {
  index: number;
  name: string | null;
  topToken: string;
  value: number;
  says: string;
}

/** Features that point the same way, and features that fire at the same time. */
export function Neighbours({ atlas, detail }: { atlas: string; detail: FeatureDetail }): ReactElement {
  const [all, setAll] = useState(false);
  const longest = Math.max(detail.neighbours.length, detail.coactive.length);
  const byDirection = detail.neighbours.map((other) => ({
    ...other,
    value: other.cosine,
    says: `cosine ${formatNumber(other.cosine, 4)}`,
  }));
  const byFiring = detail.coactive.map((other) => ({
    ...other,
    value: other.npmi,
    says: `NPMI ${formatNumber(other.npmi, 4)}, together on ${formatCount(other.count)} tokens`,
  }));
  return (
    <section aria-labelledby="neighbours-title">
      <h2 id="neighbours-title">
        Neighbours
        {longest > few && (
          <button type="button" className="plain small" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "fewer" : `all ${longest}`}
          </button>
        )}
      </h2>
      <div className="two">
        <RelatedList atlas={atlas} term="neighbours" title="by direction" others={all ? byDirection : byDirection.slice(0, few)} />
        <RelatedList atlas={atlas} term="coactive" title="by co-activation" others={all ? byFiring : byFiring.slice(0, few)} />
      </div>
    </section>
  );
}

function RelatedList({
  atlas,
  term,
  title,
  others,
}: {
  atlas: string;
  term: TermId;
  title: string;
  others: readonly Related[];
}): ReactElement {
  const prefetch = usePrefetchFeature(atlas);
  return (
    <div className="bars">
      <h3 className="quiet">
        <TermLabel term={term}>{title}</TermLabel>
      </h3>
      {others.length === 0 && <p className="quiet">none found</p>}
      <ol>
        {others.map(({ index, name, topToken, value, says }) => (
          <li key={index} className="bar-row" style={{ "--part": Math.max(0, Math.min(1, value)) } as CSSProperties}>
            <Link
              className="bar-name"
              href={featureHref(atlas, index)}
              title={`feature ${index}: ${says}`}
              onPointerEnter={() => prefetch(index)}
              onFocus={() => prefetch(index)}
            >
              {name === null ? <TokenLabel text={topToken} /> : <bdi>{name}</bdi>} <span className="quiet small">{index}</span>
            </Link>
            <span className="bar-value">{value.toFixed(2)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
