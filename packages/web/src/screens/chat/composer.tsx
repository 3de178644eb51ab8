import { useRef, type ReactElement } from "react";
import { Link } from "wouter";
import { inForce } from "../../parts/dial-units.ts";
import { Segments } from "../../parts/segments.tsx";
import { sameHistory, type Conversation } from "./conversation.ts";

const choices = [
  ["both", "Both"],
  ["plain", "Plain"],
  ["edited", "Edited"],
] as const;

/** Where a question is written, and which sides answer it. */
export function Composer({
  draft,
  setDraft,
  onSend,
  onStop,
  running,
  conversation,
  change,
  saveProblem,
  retrySave,
}: {
  draft: string;
  setDraft: (text: string) => void;
  onSend: (text: string) => void;
  onStop: () => void;
  running: boolean;
  conversation: Conversation;
  change: (parts: Partial<Conversation>) => void;
  saveProblem: string | undefined;
  retrySave: () => void;
}): ReactElement {
  const form = useRef<HTMLFormElement>(null);
  const { sides, atlas } = conversation;
  return (
    <form
      className="chat-composer"
      ref={form}
      onSubmit={(event) => {
        event.preventDefault();
        if (!running && draft.trim() !== "") onSend(draft);
      }}
    >
      <div className="chat-composer-row">
        <textarea
          aria-label="Message"
          placeholder="Message"
          rows={2}
          maxLength={1_000_000}
          value={draft}
          onChange={({ target }) => setDraft(target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape" && running) onStop();
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              form.current?.requestSubmit();
            }
          }}
        />
        {running ? (
          <button type="button" onClick={onStop} title="Stop (Escape)">
            Stop
          </button>
        ) : (
          <button type="submit" className="primary" disabled={draft.trim() === ""} title="Send (Enter)">
            Send
          </button>
        )}
      </div>
      <div className="chat-composer-foot">
        <Segments
          label="Sides that answer"
          choices={choices}
          value={atlas === null ? "plain" : sides}
          disabled={atlas === null ? ["both", "edited"] : []}
          onChange={(value) => change({ sides: value })}
        />
        <p className="quiet">
          <Why conversation={conversation} />
        </p>
      </div>
      {saveProblem !== undefined && (
        <p className="answer-error" role="alert">
          <b>Not kept:</b> {saveProblem}{" "}
          <button type="button" className="plain" onClick={retrySave}>
            Keep it now
          </button>
        </p>
      )}
    </form>
  );
}

function Why({ conversation }: { conversation: Conversation }): ReactElement {
  const { atlas, dials, turns, sides } = conversation;
  if (atlas === null)
    return (
      <>
        The model answers as it is. Edits need an atlas: <Link href="/runs">make one, or watch it being made</Link>.
      </>
    );
  if (inForce(dials).length === 0 && sameHistory(conversation, turns.length))
    return <>{dials.length > 0 ? "Every dial is off" : "No dial is set"}, so the plain model answers alone.</>;
  if (sides === "both") return <>Each side goes on from its own answers.</>;
  return <>{sides === "plain" ? "Only the plain model answers." : "Only the edited model answers."}</>;
}
