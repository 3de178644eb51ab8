import type { ReactElement, ReactNode } from "react";

function Icon({ children }: { children: ReactNode }): ReactElement {
  return (
    <svg
      className="glyph"
      viewBox="0 0 16 16"
      width="15"
      height="15"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

/** What stands after the words of a button that opens a menu. */
export function OpensIcon(): ReactElement {
  return (
    <svg className="glyph" viewBox="0 0 8 8" width="8" height="8" fill="currentColor" aria-hidden="true">
      <path d="M.5 2h7L4 6.5z" />
    </svg>
  );
}

export function EditIcon(): ReactElement {
  return (
    <Icon>
      <path d="M10.8 2.7l2.5 2.5L5.5 13l-3.2.7.7-3.2z" />
    </Icon>
  );
}

export function LinkIcon(): ReactElement {
  return (
    <Icon>
      <path d="M6.7 9.3a2.6 2.6 0 0 0 3.7 0l2.3-2.3A2.6 2.6 0 0 0 9 3.3L7.9 4.4M9.3 6.7a2.6 2.6 0 0 0-3.7 0L3.3 9A2.6 2.6 0 0 0 7 12.7l1.1-1.1" />
    </Icon>
  );
}

export function SettingsIcon(): ReactElement {
  return (
    <Icon>
      <path d="M2 4.5h6M11.5 4.5H14M2 11.5h2.5M8 11.5h6" />
      <circle cx="9.75" cy="4.5" r="1.75" />
      <circle cx="6.25" cy="11.5" r="1.75" />
    </Icon>
  );
}
