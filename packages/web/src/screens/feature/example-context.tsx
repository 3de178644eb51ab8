import type { ReactElement } from "react";
import { Link } from "wouter";
import { useExample } from "../../api/feature-detail.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { formatNumber } from "../../parts/format.ts";
import { ShadedText } from "../../parts/tokens.tsx";

/** The whole context of an example. */
export function ExampleContext({
  atlas,
  feature,
  maximum,
  n,
}: {
  atlas: string;
  feature: number;
  maximum: number;
  n: number;
}): ReactElement {
  const example = useExample(atlas, feature, n);
  if (example.isPending) return <p className="line-context quiet">Loading the context …</p>;
  if (example.isError)
    return (
      <p className="line-context" role="alert">
        {example.error.message}{" "}
        <button type="button" className="small" onClick={() => void example.refetch()}>
          Try again
        </button>
      </p>
    );
  const { tokens, activations, peak, document, start, from } = example.data;
  const text = tokens.join("");
  const inspect = new URLSearchParams({ atlas, pin: String(feature), text });
  return (
    <div className="line-context">
      <ShadedText tokens={tokens.map((each, i) => ({ text: each, activation: activations[i] ?? 0 }))} maximum={maximum} peak={peak} />
      <p className="quiet small">
        Document {document}, tokens {start + from}–{start + from + tokens.length - 1} · fires on{" "}
        {activations.filter((activation) => activation > 0).length} of {tokens.length}, peak {formatNumber(activations[peak] ?? 0, 4)} ·{" "}
        {text.length <= 2000 && (
          <>
            <Link href={`/inspect?${inspect}`}>inspect this text</Link> ·{" "}
          </>
        )}
        <CopyButton className="plain small" text={text}>
          copy the text
        </CopyButton>
      </p>
    </div>
  );
}
