import { useState, type ReactElement, type ReactNode } from "react";

/** A name for a new list. `create` calls `done` when the list is there: the field is then empty again. */
export function NewListForm({
  busy,
  create,
  className,
  children,
}: {
  busy: boolean;
  create: (name: string, done: () => void) => void;
  className?: string | undefined;
  /** What went wrong, below the field. */
  children?: ReactNode;
}): ReactElement {
  const [name, setName] = useState("");
  return (
    <form
      className={className}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") create(name.trim(), () => setName(""));
      }}
    >
      <input
        aria-label="Name of a new list"
        placeholder="New list"
        value={name}
        maxLength={200}
        dir="auto"
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" disabled={name.trim() === "" || busy}>
        Create
      </button>
      {children}
    </form>
  );
}
