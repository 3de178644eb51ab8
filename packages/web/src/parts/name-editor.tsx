import type { Label } from "@lexiscope/contract";
import { useState, type ReactElement } from "react";
import { useSaveLabel } from "../api/names.ts";
import { EditIcon } from "./icons.tsx";
import "./name-editor.css";

export interface NameEditorProps {
  atlas: string;
  feature: number;
  label: Pick<Label, "name" | "note"> | null;
  /** What stands there while nobody has named it. */
  fallback?: string;
  /** Lists show a note on one line. */
  compact?: boolean;
}

/** A person's own name and note for a feature, changed in place. An empty name and note remove the label. */
export function NameEditor({ atlas, feature, label, fallback = "no name yet", compact = false }: NameEditorProps): ReactElement {
  const [editing, setEditing] = useState(false);
  if (editing) return <NameForm atlas={atlas} feature={feature} label={label} close={() => setEditing(false)} />;
  const name = label?.name ?? "";
  return (
    <span className={`name-editor${compact ? " compact" : ""}`}>
      {name === "" ? <span className="quiet">{fallback}</span> : <bdi className="name">{name}</bdi>}
      <button
        type="button"
        className="plain icon"
        aria-label={name === "" ? `Name feature ${feature}` : `Change the name of feature ${feature}`}
        title={name === "" ? "Give it a name" : "Change name and note"}
        onClick={() => setEditing(true)}
      >
        <EditIcon />
      </button>
      {label !== null && label.note !== "" && (
        <bdi className="name-note quiet" title={compact ? label.note : undefined}>
          {label.note}
        </bdi>
      )}
    </span>
  );
}

function NameForm({ atlas, feature, label, close }: Omit<NameEditorProps, "fallback" | "compact"> & { close: () => void }): ReactElement {
  const [name, setName] = useState(label?.name ?? "");
  const [note, setNote] = useState(label?.note ?? "");
  const save = useSaveLabel(atlas);
  const submit = (next: { name: string; note: string }): void => save.mutate({ feature, ...next }, { onSuccess: close });
  return (
    <form
      className="name-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit({ name: name.trim(), note: note.trim() });
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <input
        aria-label={`Name of feature ${feature}`}
        placeholder="A name of your own"
        value={name}
        maxLength={200}
        autoFocus
        dir="auto"
        onChange={(event) => setName(event.target.value)}
      />
      <textarea
        aria-label={`Note on feature ${feature}`}
        placeholder="Note (what speaks for it, what against)"
        value={note}
        maxLength={10_000}
        rows={2}
        dir="auto"
        onChange={(event) => setNote(event.target.value)}
      />
      <span className="name-form-buttons">
        <button type="submit" className="primary" disabled={save.isPending}>
          Save
        </button>
        <button type="button" onClick={close}>
          Cancel
        </button>
        {label !== null && (
          <button type="button" className="plain" disabled={save.isPending} onClick={() => submit({ name: "", note: "" })}>
            Remove name and note
          </button>
        )}
      </span>
      {save.isError && (
        <span className="bad" role="alert">
          {save.error.message}
        </span>
      )}
    </form>
  );
}
