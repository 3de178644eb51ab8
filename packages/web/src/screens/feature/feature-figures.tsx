import type { FeatureDetail } from "@lexiscope/contract";
import type { ReactElement, ReactNode } from "react";
import { formatCount, formatNumber } from "../../parts/format.ts";
import type { TermId } from "../../parts/glossary.ts";
import { TermLabel } from "../../parts/number.tsx";

/** The feature's numbers in one line, each with its formula one hover away. */
export function FeatureFigures({ detail }: { detail: FeatureDetail | undefined }): ReactElement {
  const oneIn = detail && detail.density > 0 && detail.density < 0.1 ? `1 in ${formatCount(1 / detail.density)}` : undefined;
  return (
    <dl className="figures">
      <Figure term="density" value={detail && `${formatNumber(100 * detail.density)} %`} note={oneIn} />
      <Figure term="fired" value={detail && formatCount(detail.fired)} note={detail && (detail.fired === 1 ? "token" : "tokens")} />
      <Figure
        term="maximum"
        value={detail && formatNumber(detail.maximum)}
        note={detail && detail.maximum > 0 ? `${formatNumber(detail.maximum / detail.medianNorm)} × norm` : undefined}
      />
      <Figure term="meanActivation" value={detail && formatNumber(detail.mean)} />
      <Figure term="effect" value={detail && formatNumber(detail.effect)} note={detail && "logits"} />
      <div className="figure figure-site">
        <dt>Site</dt>
        <dd className="mono">{detail?.site ?? "\u00a0"}</dd>
      </div>
    </dl>
  );
}

function Figure({ term, value, note }: { term: TermId; value: string | undefined; note?: ReactNode }): ReactElement {
  return (
    <div className="figure">
      <dt>
        <TermLabel term={term} />
      </dt>
      <dd>
        {value ?? "\u00a0"} {note !== undefined && <span className="quiet">{note}</span>}
      </dd>
    </div>
  );
}
