import type { InspectResponse } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { formatNumber } from "../../parts/format.ts";
import { TermLabel } from "../../parts/number.tsx";
import { quotedToken } from "../../parts/token-text.ts";
import { FeatureBar } from "./feature-bar.tsx";

const reasons = {
  "position 0": "The first token is an attention sink: its activation is huge and always the same. The dictionary never learned from it.",
  "special token": "A special token of the chat template. The dictionary never learned from those.",
  "norm above the limit": "Its activation is far longer than is typical. The dictionary never learned from such tokens.",
};

/** What fires on one token. */
export function TokenPanel({
  atlas,
  token,
  names,
  pins,
  toggle,
  held,
  release,
}: {
  atlas: string;
  token: InspectResponse["tokens"][number];
  names: InspectResponse["names"];
  pins: readonly number[];
  toggle: (index: number) => void;
  held: boolean;
  release: () => void;
}): ReactElement {
  const { text, position, leftOut, error, active, features } = token;
  return (
    <section className="token-panel" aria-label="Features of the token">
      <h2>
        <bdi className="mono token-panel-name">{quotedToken(text)}</bdi> <span className="quiet small">token {position}</span>
        {held && (
          <button type="button" className="plain small" onClick={release} title="Follow the pointer again (Escape)">
            held ×
          </button>
        )}
      </h2>
      {leftOut === null ? (
        <p className="quiet small">
          <TermLabel term="errorShare" /> {error === null ? "–" : `${formatNumber(100 * error)} %`} · {active}{" "}
          {active === 1 ? "feature fires" : "features fire"}, by <TermLabel term="activation">activation</TermLabel>, bars:{" "}
          <TermLabel term="share">share</TermLabel>
        </p>
      ) : (
        <p className="quiet small">{reasons[leftOut]}</p>
      )}
      <ol>
        {features.map(({ index, activation, share, topToken }) => (
          <FeatureBar
            key={index}
            atlas={atlas}
            index={index}
            topToken={topToken}
            names={names}
            part={share ?? 0}
            value={
              <>
                {formatNumber(activation)} <span className="quiet">{share === null ? "–" : `${Math.round(100 * share)} %`}</span>
              </>
            }
            title={`activation ${formatNumber(activation, 5)}${share === null ? "; it never fired in the atlas" : `, ${formatNumber(100 * share)} % of its maximum`}`}
            pinned={pins.includes(index)}
            toggle={toggle}
          />
        ))}
      </ol>
    </section>
  );
}
