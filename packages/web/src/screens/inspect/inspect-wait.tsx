import type { ReactElement } from "react";
import { ModelWait } from "../../parts/model-wait.tsx";

/** The text as it stands, while the model reads it for the first time. */
export function InspectWait({ text }: { text: string }): ReactElement {
  return (
    <div className="inspect-wait">
      <ModelWait />
      <p className="shaded quiet" dir="auto">
        {text.slice(0, 3000)}
      </p>
    </div>
  );
}
