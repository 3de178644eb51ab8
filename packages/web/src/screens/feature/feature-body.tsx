import type { FeatureDetail } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { SteerHere } from "../../parts/steer-here.tsx";
import { useStages } from "../../parts/use-stages.ts";
import { useUrlState } from "../../state/url-state.ts";
import { ActivationHistogram } from "./activation-histogram.tsx";
import { formatInterval, parseInterval } from "./example-groups.ts";
import { Examples } from "./examples.tsx";
import { FiringTokens } from "./firing-tokens.tsx";
import { Neighbours } from "./neighbours.tsx";
import { OutputTokens } from "./output-tokens.tsx";
import { TryLine } from "./try-line.tsx";

/** Left: the feature at work, in text of one's own and in the atlas's examples. Right: what is known of it. */
export function FeatureBody({ atlas, detail }: { atlas: string; detail: FeatureDetail }): ReactElement {
  const [params, change] = useUrlState();
  const interval = parseInterval(params.get("interval"));
  const choose = (next: number | undefined): void => change({ interval: next === undefined ? null : formatInterval(next) });
  const dead = detail.fired === 0;
  const beside = useStages(4);
  return (
    <div className="feature-body">
      <div className="feature-main">
        <Work atlas={atlas} detail={detail} />
        {dead ? <Dead /> : <Examples atlas={atlas} detail={detail} interval={interval} choose={choose} />}
      </div>
      <div className="feature-side">
        {!dead && beside > 0 && <ActivationHistogram detail={detail} interval={interval} choose={choose} />}
        {beside > 1 && <OutputTokens detail={detail} />}
        {beside > 2 && <Neighbours atlas={atlas} detail={detail} />}
        {beside > 3 && detail.tokens.length > 0 && <FiringTokens tokens={detail.tokens} />}
      </div>
    </div>
  );
}

/** Two things to do with a feature: read a text with it, and let the model write under it. */
function Work({ atlas, detail }: { atlas: string; detail: FeatureDetail }): ReactElement {
  const [params, change] = useUrlState();
  const tab = params.get("panel") === "steer" ? "steer" : "try";
  const setTab = (next: "try" | "steer"): void => change({ panel: next === "steer" ? "steer" : null });
  const tabs = [
    { id: "try", name: "Try a text" },
    { id: "steer", name: "Steer the model" },
  ] as const;
  return (
    <section className="work" aria-label="Try it">
      <div className="tabs" role="tablist" aria-label="Try it">
        {tabs.map(({ id, name }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`tab-${id}`}
            aria-selected={tab === id}
            aria-controls={`panel-${id}`}
            tabIndex={tab === id ? 0 : -1}
            onClick={() => setTab(id)}
            onKeyDown={(event) => {
              if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
              const other = id === "try" ? "steer" : "try";
              setTab(other);
              document.getElementById(`tab-${other}`)?.focus();
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="panel-try" aria-labelledby="tab-try" hidden={tab !== "try"}>
        <TryLine atlas={atlas} detail={detail} />
      </div>
      <div role="tabpanel" id="panel-steer" aria-labelledby="tab-steer" hidden={tab !== "steer"}>
        <SteerHere atlas={atlas} feature={detail.index} maximum={detail.maximum} medianNorm={detail.medianNorm} />
      </div>
    </section>
  );
}

function Dead(): ReactElement {
  return (
    <div className="state">
      <h2>It never fired</h2>
      <p>
        On none of the indexed tokens was this feature active: it is dead, or stands for something that the text does not hold. It has no
        examples and no activations; its direction still has output tokens and neighbours.
      </p>
    </div>
  );
}
