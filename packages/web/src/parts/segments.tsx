import { useId, type ReactElement } from "react";
import "./segments.css";

/** One of a few, side by side; arrow keys move between them. */
export function Segments<T extends string>({
  label,
  choices,
  value,
  onChange,
  disabled = [],
}: {
  label: string;
  choices: readonly (readonly [value: T, name: string])[];
  value: T;
  onChange: (value: T) => void;
  disabled?: readonly T[];
}): ReactElement {
  const group = useId();
  return (
    <div className="segments" role="radiogroup" aria-label={label}>
      {choices.map(([choice, name]) => (
        <label key={choice} className={choice === value ? "on" : ""}>
          <input
            type="radio"
            className="visually-hidden"
            name={group}
            checked={choice === value}
            disabled={disabled.includes(choice)}
            onChange={() => onChange(choice)}
          />
          {name}
        </label>
      ))}
    </div>
  );
}
