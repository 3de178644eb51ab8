import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactElement, type ReactNode } from "react";
import { OpensIcon } from "./icons.tsx";
import "./menu.css";

export interface MenuProps {
  /** What stands on the button. */
  button: ReactNode;
  /** What it is, in full: the panel's name, and what hovering the button says. */
  label: string;
  /** The button shows no words, so the label is its name. */
  icon?: boolean;
  /** menu: its items are moved over by arrow keys (give them `role="menuitem…"`); panel: free content. */
  kind?: "menu" | "panel";
  align?: "left" | "right";
  className?: string;
  disabled?: boolean;
  children: (close: () => void) => ReactNode;
}

/** A button that opens something beneath itself. Escape and a press elsewhere close it. */
export function Menu({
  button,
  label,
  icon = false,
  kind = "menu",
  align = "left",
  className = "",
  disabled = false,
  children,
}: MenuProps): ReactElement {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  const close = (): void => {
    setOpen(false);
    root.current?.querySelector<HTMLButtonElement>(".menu-button")?.focus();
  };

  // A panel that would reach past an edge of the window is moved back into it.
  useLayoutEffect(() => {
    const panel = open ? root.current?.querySelector<HTMLElement>(".menu-panel") : null;
    if (!panel) return;
    const { left, right } = panel.getBoundingClientRect();
    const shift = Math.min(0, document.documentElement.clientWidth - 8 - right) || Math.max(0, 8 - left);
    if (shift !== 0) panel.style.translate = `${shift}px`;
  }, [open]);

  useEffect(() => {
    if (!open) return undefined;
    const items = root.current?.querySelectorAll<HTMLElement>(kind === "menu" ? "[role^=menuitem]" : "input, button:not(.menu-button), a");
    ([...(items ?? [])].find((item) => item.getAttribute("aria-checked") === "true") ?? items?.[0])?.focus();
    const away = (event: Event): void => {
      if (!(event.target instanceof Node && root.current?.contains(event.target))) setOpen(false);
    };
    addEventListener("pointerdown", away);
    addEventListener("focusin", away);
    return () => {
      removeEventListener("pointerdown", away);
      removeEventListener("focusin", away);
    };
  }, [open, kind]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      close();
    } else if (kind === "menu") moveFocus(event, root.current);
  };

  return (
    <div className={`menu ${className}`} ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        className="menu-button"
        aria-haspopup={kind === "menu" ? "menu" : "dialog"}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={icon ? label : undefined}
        title={label}
        disabled={disabled}
        onClick={() => setOpen(!open)}
      >
        {button}
        {!icon && <OpensIcon />}
      </button>
      {open && (
        <div
          id={id}
          className={`menu-panel ${align}`}
          role={kind === "menu" ? "menu" : "dialog"}
          aria-label={label}
          tabIndex={kind === "menu" ? -1 : undefined}
        >
          {children(close)}
        </div>
      )}
    </div>
  );
}

function moveFocus(event: KeyboardEvent, root: HTMLElement | null): void {
  const items = [...(root?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? items.length - 1 : at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined || items.length === 0) return;
  event.preventDefault();
  items[(to + items.length) % items.length]?.focus();
}
