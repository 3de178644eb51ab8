import type { FeatureDetail } from "@lexiscope/contract";
import { useState, type CSSProperties, type ReactElement } from "react";
import { formatNumber } from "../../parts/format.ts";
import { TermLabel } from "../../parts/number.tsx";
import { Sensitive } from "../../parts/sensitive.tsx";
import { TokenLabel } from "../../parts/tokens.tsx";

const few = 8;

/** Output tokens that the feature's direction makes more and less likely. */
export function OutputTokens({ detail: { top, bottom } }: { detail: Pick<FeatureDetail, "top" | "bottom"> }): ReactElement {
  const [all, setAll] = useState(false);
  const most = Math.max(...[...top, ...bottom].map(({ value }) => Math.abs(value)), Number.MIN_VALUE);
  const longest = Math.max(top.length, bottom.length);
  return (
    <section aria-labelledby="outputs-title">
      <h2 id="outputs-title">
        <TermLabel term="logitEffect" />
        {longest > few && (
          <button type="button" className="plain small" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "fewer" : `all ${longest}`}
          </button>
        )}
      </h2>
      <div className="two">
        <Effects title="made likelier ↑" side="up" effects={all ? top : top.slice(0, few)} most={most} />
        <Effects title="made less likely ↓" side="down" effects={all ? bottom : bottom.slice(0, few)} most={most} />
      </div>
    </section>
  );
}

function Effects({
  title,
  side,
  effects,
  most,
}: {
  title: string;
  side: "up" | "down";
  effects: FeatureDetail["top"];
  most: number;
}): ReactElement {
  return (
    <div className={`bars ${side}`}>
      <h3 className="quiet">{title}</h3>
      {effects.length === 0 && <p className="quiet">none</p>}
      <ol>
        {effects.map(({ id, text, value }) => (
          <li
            key={id}
            className="bar-row"
            style={{ "--part": Math.abs(value) / most } as CSSProperties}
            title={`${formatNumber(value, 5)} logits · token ${id}`}
          >
            <span className="bar-name">
              <Sensitive text={text}>
                <TokenLabel text={text} />
              </Sensitive>
            </span>
            <span className="bar-value">{value > 0 ? `+${value.toFixed(2)}` : value.toFixed(2).replace("-", "−")}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
