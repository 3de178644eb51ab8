import type { FeatureDetail, InspectResponse } from "@lexiscope/contract";
import { useEffect, useId, useMemo, useState, type ReactElement } from "react";
import { ApiError } from "../../api/client.ts";
import { useInspection } from "../../api/inspection.ts";
import { formatNumber } from "../../parts/format.ts";
import { ModelWait } from "../../parts/model-wait.tsx";
import { quotedToken } from "../../parts/token-text.ts";
import { ShadedText } from "../../parts/tokens.tsx";
import { useSelectedModel } from "../../state/selection.ts";
import { useDebounced } from "../../state/use-debounced.ts";
import { useUrlState } from "../../state/url-state.ts";

/** Longest text that the address carries. */
const addressLimit = 2000;

/** Type a text and see the feature light up in it. */
export function TryLine({ atlas, detail }: { atlas: string; detail: FeatureDetail }): ReactElement {
  const [params, change] = useUrlState();
  const [text, setText] = useState(params.get("try") ?? "");
  const settled = useDebounced(text, 180);
  const model = useSelectedModel();
  const id = useId();
  const result = useInspection({ atlas, model, text: settled, top: 0, pinned: [detail.index] });
  useEffect(() => {
    const shown = new URLSearchParams(location.search).get("try") ?? "";
    const kept = settled.length <= addressLimit ? settled : "";
    if (kept !== shown) change({ try: kept === "" ? null : kept });
  }, [settled, change]);
  const reading = settled !== "" && (result.isFetching || settled !== text);
  const strongest = detail.examples[0];
  return (
    <div className="try">
      <label htmlFor={id} className="visually-hidden">
        A text to read with this feature
      </label>
      <textarea
        id={id}
        rows={text.length > 110 || text.includes("\n") ? 4 : 1}
        value={text}
        dir="auto"
        spellCheck={false}
        maxLength={1_000_000}
        placeholder="Type or paste a text: it lights up where the feature fires"
        onChange={(event) => setText(event.target.value)}
      />
      <div className="try-answer" aria-busy={reading}>
        {text === "" && strongest && (
          <button type="button" className="plain small" onClick={() => setText(strongest.tokens.join(""))}>
            Begin with its strongest example
          </button>
        )}
        {text !== "" && result.isError && (
          <p className="try-problem" role="alert">
            {result.error.message}
            {result.error instanceof ApiError && result.error.hint !== undefined ? `: ${result.error.hint}` : ""}{" "}
            <button type="button" className="small" onClick={() => void result.refetch()}>
              Try again
            </button>
          </p>
        )}
        {text !== "" && !result.isError && result.data && <Lit answer={result.data} detail={detail} />}
        {text !== "" && !result.isError && !result.data && <ModelWait />}
      </div>
    </div>
  );
}

function Lit({ answer, detail }: { answer: InspectResponse; detail: FeatureDetail }): ReactElement {
  const activations = answer.pinned.find(({ index }) => index === detail.index)?.activations;
  const tokens = useMemo(
    () => answer.tokens.map(({ text, leftOut }, i) => ({ text, leftOut, activation: activations?.[i] ?? 0 })),
    [answer, activations],
  );
  const strongest = Math.max(0, ...(activations ?? []));
  const at = activations?.indexOf(strongest) ?? 0;
  const fired = activations?.filter((a) => a > 0).length ?? 0;
  return (
    <>
      <div className="try-text" role="group" aria-label="The text, shaded" tabIndex={0}>
        <ShadedText tokens={tokens} maximum={detail.maximum} peak={strongest > 0 ? at : undefined} />
      </div>
      <p className="quiet" role="status">
        {strongest > 0 ? (
          <>
            fires on {fired} of {tokens.length} tokens; at most {formatNumber(strongest)},{" "}
            {formatNumber((100 * strongest) / detail.maximum)} % of its maximum, on{" "}
            <bdi className="mono">{quotedToken(tokens[at]?.text ?? "")}</bdi>
          </>
        ) : (
          `silent on all ${tokens.length} tokens`
        )}
        {" · "}
        {formatNumber(answer.milliseconds)} ms
      </p>
    </>
  );
}
