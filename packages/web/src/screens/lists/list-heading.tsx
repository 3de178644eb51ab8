import type { ListDetail, ListInput } from "@lexiscope/contract";
import { useState, type ReactElement } from "react";
import { Link } from "wouter";
import { formatCount } from "../../parts/format.ts";
import { EditIcon } from "../../parts/icons.tsx";

export interface ListHeadingProps {
  atlas: string;
  list: ListDetail;
  change: (input: ListInput) => void;
  remove: () => void;
  failure: Error | null;
}

/** A list's name and note, changed in place, and the way to be rid of it. */
export function ListHeading({ atlas, list, change, remove, failure }: ListHeadingProps): ReactElement {
  const [mode, setMode] = useState<"show" | "edit" | "remove">("show");
  if (mode === "edit") return <HeadingForm list={list} close={() => setMode("show")} save={(input) => (change(input), setMode("show"))} />;
  return (
    <header className="list-heading">
      <div className="lists-head">
        <h2>
          <bdi>{list.name}</bdi>
        </h2>
        <button type="button" className="plain icon" aria-label="Change the list's name and note" onClick={() => setMode("edit")}>
          <EditIcon />
        </button>
        <span className="quiet">
          {formatCount(list.features.length)} {list.features.length === 1 ? "feature" : "features"}
        </span>
        {mode === "remove" ? (
          <span className="list-remove" role="group" aria-label="Delete this list?">
            Delete the list with its {formatCount(list.features.length)} members? The features&apos; names stay.
            <button type="button" autoFocus onClick={() => setMode("show")}>
              Keep
            </button>
            <button type="button" className="danger" onClick={remove}>
              Delete
            </button>
          </span>
        ) : (
          <span className="list-actions">
            <Link href={`/atlas/${encodeURIComponent(atlas)}?list=${encodeURIComponent(list.id)}`}>Show in the atlas</Link>
            <button type="button" className="plain" onClick={() => setMode("remove")}>
              Delete …
            </button>
          </span>
        )}
      </div>
      {list.note !== "" && (
        <p className="list-note">
          <bdi>{list.note}</bdi>
        </p>
      )}
      {failure && (
        <p className="bad" role="alert">
          Not saved: {failure.message}
        </p>
      )}
    </header>
  );
}

function HeadingForm({ list, close, save }: { list: ListDetail; close: () => void; save: (input: ListInput) => void }): ReactElement {
  const [name, setName] = useState(list.name);
  const [note, setNote] = useState(list.note);
  return (
    <form
      className="list-heading name-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") save({ name: name.trim(), note: note.trim() });
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <input
        aria-label="Name of the list"
        value={name}
        maxLength={200}
        autoFocus
        required
        dir="auto"
        onChange={(event) => setName(event.target.value)}
      />
      <textarea
        aria-label="Note on the list"
        placeholder="Note"
        value={note}
        maxLength={10_000}
        rows={3}
        dir="auto"
        onChange={(event) => setNote(event.target.value)}
      />
      <span className="name-form-buttons">
        <button type="submit" className="primary" disabled={name.trim() === ""}>
          Save
        </button>
        <button type="button" onClick={close}>
          Cancel
        </button>
      </span>
    </form>
  );
}
