import type { KeyboardEvent, ReactElement } from "react";
import { formatCount } from "../../parts/format.ts";

/** Where the text is typed or pasted. It is read after a pause, or at once by Ctrl+Enter. */
export function TextBox({
  draft,
  setDraft,
  submit,
  busy,
  note,
}: {
  draft: string;
  setDraft: (draft: string) => void;
  submit: (text: string) => void;
  busy: boolean;
  note: string | undefined;
}): ReactElement {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    submit(draft);
  };
  return (
    <div className="inspect-box">
      <textarea
        aria-label="Text to inspect"
        placeholder="Type or paste a text: every token shows its features"
        rows={2}
        value={draft}
        dir="auto"
        spellCheck={false}
        autoFocus={draft === ""}
        maxLength={1_000_000}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="inspect-box-foot quiet small">
        <span role="status">{busy ? "reading …" : note}</span>
        {draft !== "" && (
          <span>
            {formatCount(draft.length)} characters{" "}
            <button type="button" className="plain small" onClick={() => submit("")}>
              clear
            </button>
          </span>
        )}
      </div>
    </div>
  );
}
