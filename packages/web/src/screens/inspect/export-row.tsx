import type { InspectResponse } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { inspectRequest } from "../../api/inspection.ts";
import { useStatus } from "../../api/queries.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { csvText, curlText, saveFile } from "./export-inspection.ts";
import { topFeatures } from "./top-features.ts";

/** What is seen, to take away: the call that asks for it, and files. */
export function ExportRow({
  atlas,
  model,
  text,
  answer,
  pins,
  pinned,
}: {
  atlas: string;
  model: string | undefined;
  text: string;
  answer: InspectResponse;
  pins: readonly number[];
  pinned: InspectResponse["pinned"];
}): ReactElement {
  const signIn = useStatus().data?.signIn ?? false;
  return (
    <>
      <CopyButton
        className="small"
        label="Copy the command that asks the server for this"
        text={() => curlText(inspectRequest({ atlas, model, text, top: topFeatures, pinned: pins }), { origin: location.origin, signIn })}
      >
        Copy as API call
      </CopyButton>
      <button
        type="button"
        className="small"
        onClick={() => saveFile(`${atlas}-inspection.json`, "application/json", `${JSON.stringify({ ...answer, pinned }, null, 1)}\n`)}
      >
        JSON
      </button>
      <button type="button" className="small" onClick={() => saveFile(`${atlas}-inspection.csv`, "text/csv", csvText(answer, pinned))}>
        CSV
      </button>
    </>
  );
}
