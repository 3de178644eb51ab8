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
  pinned,
  toggle,
  hold,
}: {
  atlas: string;
  pins: readonly number[];
  pinned: UseQueryResult<InspectResponse>;
  toggle: (index: number) => void;
  hold: (at: number) => void;
}): ReactElement {
  const answer = pins.length === 0 ? undefined : pinned.data;
  return (
    <section className="pinned" aria-labelledby="pinned-title">
      <div className="pinned-head">
        <h2 id="pinned-title">Pinned features</h2>
        {pins.length < mostPins && (
          <FeaturePicker atlas={atlas} placeholder="Pin a feature: a word, a name or a number" onChoose={(index) => !pins.includes(index) && toggle(index)} />
        )}
      </div>
      {pins.length === 0 && <p className="quiet small">Pin a feature (◇) to see it over the whole text. The link keeps the pins.</p>}
      {pinned.isError && pins.length > 0 && (
        <p className="inspect-warning" role="alert">
          {pinned.error.message}{" "}
          <button type="button" className="small" onClick={() => void pinned.refetch()}>
            Try again
          </button>
        </p>
      )}
      <ol>
        {pins.map((index) => (
          <PinnedFeature key={index} atlas={atlas} index={index} answer={answer} toggle={toggle} hold={hold} />
        ))}
      </ol>
    </section>
  );
}
