import type { InspectResponse } from "@lexiscope/contract";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { FeaturePicker } from "../../parts/feature-picker.tsx";
import { PinnedFeature } from "./pinned-feature.tsx";
import { mostPins } from "./pins.ts";

/** The pinned features, each over the whole text. */
export function Pinned({
  atlas,
  pins,
  tokens,
  pinned,
  names,
  request,
  toggle,
  hold,
}: {
  atlas: string;
  pins: readonly number[];
  tokens: InspectResponse["tokens"];
  /** What is known of them so far. */
  pinned: InspectResponse["pinned"];
  names: InspectResponse["names"];
  /** The request for those that are missing. */
  request: Pick<UseQueryResult, "error" | "refetch"> | undefined;
  toggle: (index: number) => void;
  hold: (at: number) => void;
}): ReactElement {
  return (
    <section className="pinned" aria-labelledby="pinned-title">
      <div className="pinned-head">
        <h2 id="pinned-title">Pinned features</h2>
        {pins.length < mostPins && (
          <FeaturePicker
            atlas={atlas}
            placeholder="Pin a feature: a word, a name or a number"
            onChoose={(index) => !pins.includes(index) && toggle(index)}
          />
        )}
      </div>
      {pins.length === 0 && <p className="quiet small">Pin a feature (◇) to see it over the whole text. The link keeps the pins.</p>}
      {request?.error && (
        <p className="inspect-warning" role="alert">
          {request.error.message}{" "}
          <button type="button" className="small" onClick={() => void request.refetch()}>
            Try again
          </button>
        </p>
      )}
      <ol>
        {pins.map((index) => (
          <PinnedFeature
            key={index}
            atlas={atlas}
            index={index}
            tokens={tokens}
            found={pinned.find((each) => each.index === index)}
            names={names}
            toggle={toggle}
            hold={hold}
          />
        ))}
      </ol>
    </section>
  );
}
