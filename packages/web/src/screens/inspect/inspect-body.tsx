import type { InspectResponse } from "@lexiscope/contract";
import { memo, useCallback, useMemo, useState, type ReactElement } from "react";
import { useInspection } from "../../api/inspection.ts";
import { useUrlState } from "../../state/url-state.ts";
import { ExportRow } from "./export-row.tsx";
import { Pinned } from "./pinned.tsx";
import { formatPins, parsePins, togglePin } from "./pins.ts";
import { largestShares, rankFeatures, type RankBy } from "./rank-features.ts";
import { Ranking } from "./ranking.tsx";
import { TokenField } from "./token-field.tsx";
import { TokenPanel } from "./token-panel.tsx";
import { TotalsLine } from "./totals-line.tsx";

/** The text with its tokens, the pinned features over it, and beside it what fires. */
export const InspectBody = memo(function InspectBody({
  atlas,
  model,
  text,
  answer,
  stale,
}: {
  atlas: string;
  model: string | undefined;
  text: string;
  answer: InspectResponse;
  /** The answer is the one to the text before. */
  stale: boolean;
}): ReactElement {
  const [params, change] = useUrlState();
  const pins = useMemo(() => parsePins(params.get("pin")), [params]);
  const by: RankBy = params.get("rank") === "sum" ? "sum" : "share";
  const later = pins.filter((index) => answer.pinned.every((known) => known.index !== index));
  const more = useInspection({ atlas, model, text, top: 0, pinned: later }, later.length > 0 && !stale);
  const pinned = useMemo(() => [...answer.pinned, ...(more.data?.pinned ?? [])], [answer, more.data]);
  const names = useMemo(() => ({ ...answer.names, ...more.data?.names }), [answer, more.data]);
  const shares = useMemo(() => largestShares(answer.tokens), [answer]);
  const ranked = useMemo(() => rankFeatures(answer.tokens, by), [answer, by]);
  const [looked, setLooked] = useState<number>();
  const held = /^\d{1,7}$/.test(params.get("at") ?? "") ? Number(params.get("at")) : undefined;
  const hold = useCallback((at: number | undefined) => change({ at: at === undefined ? null : String(at) }), [change]);
  const toggle = useCallback((index: number) => change({ pin: formatPins(togglePin(pins, index)) }), [change, pins]);
  const at = held ?? looked ?? shares.indexOf(Math.max(...shares.slice(0, 2000)));
  const token = answer.tokens[Math.min(at, answer.tokens.length - 1)];
  return (
    <div className="inspect-body" aria-busy={stale}>
      <div className="inspect-main">
        <TotalsLine answer={answer}>
          <ExportRow
            atlas={atlas}
            model={model}
            text={text}
            answer={answer}
            pins={pins}
            pinned={pinned.filter(({ index }) => pins.includes(index))}
          />
        </TotalsLine>
        {answer.warnings.map((warning) => (
          <p key={warning} className="inspect-warning">
            {warning}
          </p>
        ))}
        <TokenField tokens={answer.tokens} shares={shares} held={held} look={setLooked} hold={hold} />
        <p className="inspect-legend quiet small">
          <span className="key-heat">shade</span> the strongest share of a feature’s own maximum · <span className="key-error">bar</span>{" "}
          error (full width: nothing explained) · <span className="key-out">dotted</span> left out · a click holds a token
        </p>
        <Pinned
          atlas={atlas}
          pins={pins}
          tokens={answer.tokens}
          pinned={pinned}
          names={names}
          request={later.length > 0 ? more : undefined}
          toggle={toggle}
          hold={hold}
        />
      </div>
      <aside className="inspect-side" aria-label="Features">
        {token && (
          <TokenPanel
            atlas={atlas}
            token={token}
            names={names}
            pins={pins}
            toggle={toggle}
            held={held !== undefined}
            release={() => hold(undefined)}
          />
        )}
        <Ranking
          atlas={atlas}
          ranked={ranked}
          names={names}
          pins={pins}
          toggle={toggle}
          hold={hold}
          tokens={answer.tokens}
          by={by}
          setBy={(next) => change({ rank: next === "sum" ? "sum" : null })}
        />
      </aside>
    </div>
  );
});
