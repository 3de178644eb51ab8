import { useDeferredValue, useState, type ReactElement } from "react";
import { useInspection } from "../../api/inspection.ts";
import { useStatus } from "../../api/queries.ts";
import { ApiError } from "../../api/client.ts";
import { formatCount } from "../../parts/format.ts";
import { Failed, Loading } from "../../parts/states.tsx";
import { useSelectedAtlas, useSelectedModel } from "../../state/selection.ts";
import { useUrlState } from "../../state/url-state.ts";
import { Examples } from "./example-texts.tsx";
import { InspectBare } from "./inspect-bare.tsx";
import { InspectBody } from "./inspect-body.tsx";
import { InspectWait } from "./inspect-wait.tsx";
import { TextBox } from "./text-box.tsx";
import { parsePins } from "./pins.ts";
import { topFeatures } from "./top-features.ts";
import { useText } from "./use-text.ts";
import "./inspect.css";

/** A text of one's own, read by the model, with the features of every token. */
export function InspectScreen(): ReactElement {
  const atlas = useSelectedAtlas();
  const status = useStatus();
  if (atlas !== undefined) return <Inspect atlas={atlas} key={atlas} />;
  if (status.isPending) return <Loading what="the server's atlases" />;
  return <InspectBare />;
}

function Inspect({ atlas }: { atlas: string }): ReactElement {
  const [params] = useUrlState();
  const { draft, setDraft, text, submit, inAddress } = useText();
  const model = useSelectedModel();
  const pins = parsePins(params.get("pin"));
  // Those pinned when the text came are asked for with it, later ones by themselves: a pin never reads the whole answer again.
  const [first, setFirst] = useState({ text, pins });
  if (first.text !== text) setFirst({ text, pins });
  const result = useInspection({ atlas, model, text, top: topFeatures, pinned: first.pins });
  // Deferred: a long text is drawn in slices, between which the page answers.
  const answer = useDeferredValue(text === "" ? undefined : result.data);
  return (
    <div className="inspect">
      <h1 className="visually-hidden">Inspect a text</h1>
      <TextBox
        draft={draft}
        setDraft={setDraft}
        submit={submit}
        busy={answer !== undefined && result.isFetching}
        note={text !== "" && !inAddress ? "longer than 2,000 characters: this link does not hold the text, only this tab does" : undefined}
      />
      {text === "" && <Examples choose={submit} />}
      {text !== "" && result.isError && <Refused error={result.error} length={text.length} retry={() => void result.refetch()} />}
      {text !== "" && !result.isError && !answer && <InspectWait text={text} />}
      {answer && !result.isError && (
        <InspectBody atlas={atlas} model={model} text={text} answer={answer} stale={result.isPlaceholderData} />
      )}
    </div>
  );
}

function Refused({ error, length, retry }: { error: Error; length: number; retry: () => void }): ReactElement {
  const { field, status, hint } = error instanceof ApiError ? error : { field: undefined, status: 0, hint: undefined };
  const tooLong = status === 413 || (status === 400 && field === "text");
  const says = { message: error.message, ...(hint === undefined ? {} : { hint }) };
  if (tooLong) return <Failed title={`The text is too long (${formatCount(length)} characters)`} error={says} />;
  return <Failed title="The text could not be read" error={says} retry={retry} />;
}
