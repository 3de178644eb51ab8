import type { InspectResponse } from "@lexiscope/contract";
import { memo, useMemo, type ReactElement } from "react";
import { Link } from "wouter";
import { formatCount, formatNumber } from "../../parts/format.ts";
import { quotedToken } from "../../parts/token-text.ts";
import { ShadedText } from "../../parts/tokens.tsx";
import { FeatureName } from "./feature-bar.tsx";
import { Strip } from "./strip.tsx";

/** Longer texts are shown as a strip: one row of the text per pin would be a page each. */
const mostTokens = 400;

/** One pinned feature: the text shaded by it, its maximum and where that is. */
export const PinnedFeature = memo(function PinnedFeature({
  atlas,
  index,
  tokens: inspected,
  found,
  names,
  toggle,
  hold,
}: {
  atlas: string;
  index: number;
  tokens: InspectResponse["tokens"];
  /** Undefined while it is being asked for. */
  found: InspectResponse["pinned"][number] | undefined;
  names: InspectResponse["names"];
  toggle: (index: number) => void;
  hold: (at: number) => void;
}): ReactElement {
  const tokens = useMemo(
    () => inspected.map(({ text, leftOut }, i) => ({ text, leftOut, activation: found?.activations[i] ?? 0 })),
    [inspected, found],
  );
  const strongest = Math.max(0, ...(found?.activations ?? []));
  const at = found?.activations.indexOf(strongest) ?? 0;
  const fired = found?.activations.filter((a) => a > 0).length ?? 0;
  return (
    <li className="pinned-feature">
      <div className="pinned-line">
        <button
          type="button"
          className="plain pin"
          aria-pressed
          aria-label={`Unpin feature ${index}`}
          title="Unpin"
          onClick={() => toggle(index)}
        >
          ◆
        </button>
        <Link href={`/atlas/${encodeURIComponent(atlas)}/${index}`} className="pinned-name">
          <FeatureName index={index} topToken={`feature ${index}`} names={names} /> <span className="quiet small">{index}</span>
        </Link>
        <span className="small quiet">
          {!found && "reading …"}
          {found && strongest === 0 && "silent in this text"}
          {found && strongest > 0 && (
            <>
              <b>{formatNumber(strongest)}</b>
              {found.maximum > 0 && ` (${formatNumber((100 * strongest) / found.maximum)} % of its maximum)`}, on {formatCount(fired)} of{" "}
              {formatCount(tokens.length)} tokens, most on{" "}
              <button type="button" className="plain small where" title="Go to this token" onClick={() => hold(at)}>
                {quotedToken(tokens[at]?.text ?? "")}
              </button>
            </>
          )}
        </span>
      </div>
      {found && tokens.length <= mostTokens && (
        <div className="pinned-text">
          <ShadedText tokens={tokens} maximum={found.maximum} peak={strongest > 0 ? at : undefined} onToken={hold} />
        </div>
      )}
      {found && tokens.length > mostTokens && <Strip activations={found.activations} maximum={found.maximum} onToken={hold} />}
    </li>
  );
});
