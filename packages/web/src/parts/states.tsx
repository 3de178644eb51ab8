import type { ReactElement, ReactNode } from "react";

interface Failure {
  code?: string;
  message: string;
  hint?: string | undefined;
}

/** Something is on its way. Shown after a moment, so that what comes at once does not flicker. */
export function Loading({ what }: { what: string }): ReactElement {
  return (
    <p className="state loading" role="status">
      Loading {what} …
    </p>
  );
}

/** Nothing is there, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }): ReactElement {
  return (
    <div className="state empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** It did not work: what, why, and what to do. */
export function Failed({ title, error, retry }: { title: string; error: Failure; retry?: () => void }): ReactElement {
  return (
    <div className="state failed" role="alert">
      <h2>{title}</h2>
      <p>{error.message}</p>
      {error.hint !== undefined && <p className="hint">{error.hint}</p>}
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
