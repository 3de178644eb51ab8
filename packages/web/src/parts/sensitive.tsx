import { useMemo, useState, type ReactElement, type ReactNode } from "react";
import { isOffensive } from "../state/offensive.ts";
import { useHideOffensive } from "../state/preferences.ts";
import "./sensitive.css";

/** Blurs its children when offensive examples are hidden and `text` holds a listed word; a button shows them. */
export function Sensitive({ text, children }: { text: string; children: ReactNode }): ReactElement {
  const [hide] = useHideOffensive();
  const [shown, setShown] = useState(false);
  const found = useMemo(() => hide && isOffensive(text), [hide, text]);
  if (!found || shown) return <>{children}</>;
  return (
    <span className="sensitive">
      <span className="sensitive-text" inert aria-hidden="true">
        {children}
      </span>
      <button
        type="button"
        className="sensitive-show"
        aria-label="Show a text that the word list finds offensive"
        onClick={(event) => {
          event.stopPropagation();
          event.preventDefault();
          setShown(true);
        }}
      >
        show
      </button>
    </span>
  );
}
