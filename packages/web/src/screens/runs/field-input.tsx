import type { ShelfItem } from "@lexiscope/contract";
import { useId, type ReactElement } from "react";
import type { Field } from "./start-form.ts";

/** A field with what it does, what happens when it is empty, and what is wrong with it. */
export function FieldInput({
  field,
  value,
  onChange,
  problem,
  items,
}: {
  field: Field;
  value: string;
  onChange: (value: string) => void;
  problem: string | undefined;
  /** What lies on the shelf that the field chooses from. */
  items: readonly ShelfItem[];
}): ReactElement {
  const id = useId();
  const { type, label, help, fallback, choices = [], required = false } = field;
  const common = {
    id,
    value,
    "aria-invalid": problem !== undefined,
    "aria-describedby": `${id}-help`,
    "aria-required": required,
  };
  const said = (
    <small id={`${id}-help`} className={problem === undefined ? "quiet" : "run-problem"}>
      {problem ?? help}
    </small>
  );
  if (type === "flag")
    return (
      <div className="run-field run-field-flag">
        <label htmlFor={id}>
          <input
            id={id}
            type="checkbox"
            checked={value !== ""}
            onChange={({ target }) => onChange(target.checked ? "on" : "")}
            aria-describedby={`${id}-help`}
          />{" "}
          {label}
        </label>
        {said}
      </div>
    );
  return (
    <div className="run-field">
      <label htmlFor={id}>{label}</label>
      {type === "store" || type === "dictionary" || type === "choice" ? (
        <select {...common} onChange={({ target }) => onChange(target.value)}>
          <option value="">{required ? (items.length === 0 ? `no ${type} yet` : "choose") : (fallback ?? "")}</option>
          {choices.flatMap((choice) => (choice === fallback ? [] : <option key={choice}>{choice}</option>))}
          {items.map(({ name, summary }) => (
            <option key={name} value={name}>
              {name}: {summary}
            </option>
          ))}
        </select>
      ) : type === "lines" ? (
        <textarea {...common} rows={2} spellCheck={false} placeholder={fallback} onChange={({ target }) => onChange(target.value)} />
      ) : (
        <input {...common} autoComplete="off" spellCheck={false} placeholder={fallback} onChange={({ target }) => onChange(target.value)} />
      )}
      {said}
    </div>
  );
}
