import type { ReactElement } from "react";
import { useReadableFeatures } from "../../api/feature-pages.ts";
import { readableWords } from "../../parts/readable-words.ts";

/** What an empty conversation says, and a few features of the atlas to begin with. */
export function FirstDials({
  atlas,
  dialed,
  onChoose,
}: {
  atlas: string | null;
  /** There is a dial already. */
  dialed: boolean;
  onChoose: (feature: number) => void;
}): ReactElement {
  const rows = readableWords(useReadableFeatures(atlas ?? undefined).data?.items ?? [], 6);
  return (
    <div className="chat-turns-empty quiet">
      <h2>Ask the model something</h2>
      <p>
        {atlas === null
          ? "It answers as it is. With an atlas there are dials here, and the answer of the edited model beside the plain one."
          : dialed
            ? "The answer of the edited model is written beside the plain one, from the same batch."
            : "Set a dial, and the answer of the edited model is written beside the plain one, from the same batch."}
      </p>
      {atlas !== null && !dialed && rows.length > 0 && (
        <p className="chat-first-dials">
          Turn up
          {rows.map(({ index, word }) => (
            <button key={index} type="button" onClick={() => onChoose(index)} title={`Set a dial for feature ${index}`}>
              <bdi>{word}</bdi>
            </button>
          ))}
        </p>
      )}
    </div>
  );
}
