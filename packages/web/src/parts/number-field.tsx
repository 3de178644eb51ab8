import { useState, type ReactElement } from "react";

/** A number that is taken over as it is typed, whenever it is one; what is half typed stays as it is until the field is left. */
export function NumberField({
  value,
  onChange,
  label,
  min,
  max,
  step,
  whole = false,
  className,
  id,
}: {
  value: number;
  onChange: (value: number) => void;
  /** What a screen reader says; leave it out where a `<label>` stands beside the field. */
  label?: string;
  min?: number;
  max?: number;
  step?: number;
  whole?: boolean;
  className?: string;
  id?: string;
}): ReactElement {
  const [draft, setDraft] = useState<string | null>(null);
  const read = (text: string): number | null => {
    const number = text.trim() === "" ? Number.NaN : Number(text.replace(",", ".").replace("−", "-"));
    const fits = Number.isFinite(number) && number >= (min ?? -Infinity) && number <= (max ?? Infinity);
    return fits && (!whole || Number.isInteger(number)) ? number : null;
  };
  const nudge = (by: number): void => {
    const next = Number((value + by * (step ?? 1)).toPrecision(12));
    setDraft(null);
    onChange(Math.min(max ?? Infinity, Math.max(min ?? -Infinity, next)));
  };
  return (
    <input
      id={id}
      className={className}
      inputMode={whole ? "numeric" : "decimal"}
      autoComplete="off"
      aria-label={label}
      aria-invalid={draft !== null && read(draft) === null}
      value={draft ?? String(value)}
      onChange={({ target }) => {
        setDraft(target.value);
        const number = read(target.value);
        if (number !== null) onChange(number);
      }}
      onKeyDown={(event) => {
        if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
        event.preventDefault();
        nudge((event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
      }}
      onBlur={() => setDraft(null)}
    />
  );
}
