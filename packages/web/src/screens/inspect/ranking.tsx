import type { InspectResponse } from "@lexiscope/contract";
import { useState, type ReactElement } from "react";
import { formatCount, formatNumber } from "../../parts/format.ts";
import { TermLabel } from "../../parts/number.tsx";
import { quotedToken } from "../../parts/token-text.ts";
import { FeatureBar } from "./feature-bar.tsx";
import type { RankBy, RankedFeature } from "./rank-features.ts";

const few = 12;

/** Features that stand out in the whole text. */
export function Ranking({
  atlas,
  ranked,
  names,
  pins,
  toggle,
  hold,
  tokens,
  by,
  setBy,
}: {
  atlas: string;
  ranked: readonly RankedFeature[];
  names: InspectResponse["names"];
  pins: readonly number[];
  toggle: (index: number) => void;
  hold: (at: number) => void;
  tokens: InspectResponse["tokens"];
  by: RankBy;
  setBy: (by: RankBy) => void;
}): ReactElement {
  const [shown, setShown] = useState(few);
  const most = ranked[0]?.[by] ?? 1;
  return (
    <section aria-labelledby="ranking-title">
      <h2 id="ranking-title">
        <TermLabel term="textRank">Whole text</TermLabel>
        <select
          aria-label="Ranked by"
          className="small"
          value={by}
          onChange={({ target }) => setBy(target.value === "sum" ? "sum" : "share")}
        >
          <option value="share">by largest share</option>
          <option value="sum">by sum of shares</option>
        </select>
      </h2>
      <ol>
        {ranked.slice(0, shown).map((feature) => {
          const { index, topToken, share, at, sum } = feature;
          return (
            <FeatureBar
              key={index}
              atlas={atlas}
              index={index}
              topToken={topToken}
              names={names}
              part={feature[by] / (by === "share" ? 1 : most)}
              value={
                <>
                  <button type="button" className="plain small where" title="Go to this token" onClick={() => hold(at)}>
                    {quotedToken(tokens[at]?.text ?? "").slice(0, 12)}
                  </button>{" "}
                  {by === "share" ? `${Math.round(100 * share)} %` : formatNumber(sum)}
                </>
              }
              title={`largest share ${formatNumber(100 * share)} %, sum ${formatNumber(sum)}, among the strongest on ${formatCount(feature.tokens)} tokens`}
              pinned={pins.includes(index)}
              toggle={toggle}
            />
          );
        })}
      </ol>
      {ranked.length === 0 && <p className="quiet small">No feature fires on what is kept of the text.</p>}
      {ranked.length > shown && (
        <button type="button" className="plain small" onClick={() => setShown(shown + 40)}>
          more of {formatCount(ranked.length)}
        </button>
      )}
    </section>
  );
}
