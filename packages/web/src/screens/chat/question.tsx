import { useState, type ReactElement } from "react";

/** What the user said, and a way to say it otherwise and go on from there. */
export function Question({
  text,
  editing,
  setEditing,
  followed,
  busy,
  onSend,
}: {
  text: string;
  editing: boolean;
  setEditing: (editing: boolean) => void;
  /** There are later turns, which would go. */
  followed: boolean;
  busy: boolean;
  onSend: (text: string) => void;
}): ReactElement {
  const [draft, setDraft] = useState(text);
  if (!editing)
    return (
      <div className="chat-question">
        <bdi className="chat-question-text" dir="auto">
          {text}
        </bdi>
        <button
          type="button"
          className="plain"
          disabled={busy}
          title="Say it otherwise and go on from here"
          onClick={() => {
            setDraft(text);
            setEditing(true);
          }}
        >
          Edit
        </button>
      </div>
    );
  return (
    <form
      className="chat-question chat-question-editing"
      onSubmit={(event) => {
        event.preventDefault();
        if (draft.trim() !== "") onSend(draft);
      }}
    >
      <textarea
        autoFocus
        aria-label="The question"
        rows={3}
        value={draft}
        onChange={({ target }) => setDraft(target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setEditing(false);
          if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            event.currentTarget.form?.requestSubmit();
          }
        }}
      />
      <div className="chat-question-acts">
        <button type="submit" className="primary" disabled={busy || draft.trim() === ""}>
          Send
        </button>
        <button type="button" className="plain" onClick={() => setEditing(false)}>
          Cancel
        </button>
        {followed && <span className="quiet">The turns after this one go.</span>}
      </div>
    </form>
  );
}
