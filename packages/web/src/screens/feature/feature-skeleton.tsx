import type { ReactElement } from "react";

/** Keeps the places of what is on its way, so that nothing jumps when it comes. */
export function FeatureSkeleton(): ReactElement {
  return (
    <div className="feature-body" aria-busy="true">
      <div className="feature-main">
        <p className="state loading" role="status">
          Loading the feature …
        </p>
      </div>
      <div className="feature-side">
        <div className="feature-blank" style={{ height: 120 }} />
        <div className="feature-blank" style={{ height: 240 }} />
      </div>
    </div>
  );
}
