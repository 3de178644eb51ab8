import { useEffect, useId, useRef, useState, type ReactElement, type ReactNode } from "react";
import { glossary, type Term, type TermId } from "./glossary.ts";
import "./number.css";

/** A term with its formula one hover (or focus) away. The card lies in the top layer, so that nothing clips it. */
export function TermLabel({ term, children }: { term: TermId; children?: ReactNode }): ReactElement {
  const { name, formula, meaning, caveat }: Term = glossary[term];
  const [open, setOpen] = useState(false);
  const label = useRef<HTMLSpanElement>(null);
  const card = useRef<HTMLSpanElement>(null);
  const id = useId();

  useEffect(() => {
    const element = card.current;
    if (!open || !element || !label.current) return;
    element.showPopover();
    const at = label.current.getBoundingClientRect();
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
    element.style.top = `${at.bottom + 6 + height > innerHeight ? Math.max(8, at.top - height - 6) : at.bottom + 6}px`;
  }, [open]);

  return (
    <span
      className="term"
      ref={label}
      tabIndex={0}
      aria-describedby={open ? id : undefined}
      onMouseEnter={() => setOpen(true)}
      onMouseLeave={() => setOpen(false)}
      onFocus={() => setOpen(true)}
      onBlur={() => setOpen(false)}
      onKeyDown={(event) => {
        if (event.key === "Escape") setOpen(false);
      }}
    >
      {children ?? name}
      {open && (
        <span className="term-card" role="tooltip" popover="manual" id={id} ref={card}>
          <b>{name}</b>
          {formula !== undefined && <code>{formula}</code>}
          <span>{meaning}</span>
          {caveat !== undefined && <span className="caveat">{caveat}</span>}
        </span>
      )}
    </span>
  );
}
