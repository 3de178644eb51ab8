import type { FeatureDetail } from "@lexiscope/contract";
import type { CSSProperties, ReactElement } from "react";
import { formatCount, formatNumber } from "../../parts/format.ts";
import { TermLabel } from "../../parts/number.tsx";
import { Sensitive } from "../../parts/sensitive.tsx";
import { TokenLabel } from "../../parts/tokens.tsx";

/** Tokens that it fires on more than on others. */
export function FiringTokens({ tokens }: { tokens: FeatureDetail["tokens"] }): ReactElement {
  return (
    <section aria-labelledby="firing-title">
      <h2 id="firing-title">
        <TermLabel term="firingTokens" />
      </h2>
      <ol className="bars flow">
        {tokens.map(({ id, text, npmi, count }) => (
          <li
            key={id}
            className="bar-row"
            style={{ "--part": Math.max(0, npmi) } as CSSProperties}
            title={`NPMI ${formatNumber(npmi, 4)} · fired on ${formatCount(count)} of them · token ${id}`}
          >
            <span className="bar-name">
              <Sensitive text={text}>
                <TokenLabel text={text} />
              </Sensitive>
            </span>
            <span className="bar-value">
              {npmi.toFixed(2)} <span className="quiet">×{formatCount(count)}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
