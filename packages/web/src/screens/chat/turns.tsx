import type { ChatTurn } from "@lexiscope/contract";
import { formatEditText } from "@lexiscope/contract/edit-text";
import { memo, useCallback, useEffect, useRef, useState, type ReactElement } from "react";
import type { GenerationState } from "../../api/generation-state.ts";
import { useGeneration } from "../../api/use-generation.ts";
import { Answer, describeFigures, GenerationLine, GenerationProblems } from "../../parts/answer.tsx";
import { ChangesView } from "./changes-view.tsx";
import { titleOf, type Conversation, type Side } from "./conversation.ts";
import { FirstDials } from "./first-dials.tsx";
import { Question } from "./question.tsx";
import type { Live, Told } from "./use-conversation.ts";

/** How near to the end counts as reading along. */
const nearPx = 60;

/** All turns, the live one drawn by itself; stays at the end while one reads along there. */
export function Turns({
  conversation,
  live,
  told,
  onAsk,
  onRegenerate,
  onDial,
}: {
  conversation: Conversation;
  live: Live | undefined;
  told: readonly (Told | undefined)[];
  onAsk: (user: string, at?: number) => void;
  onRegenerate: () => void;
  /** Sets a dial for a feature. */
  onDial: (feature: number) => void;
}): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const along = useRef(true);
  const { turns, atlas } = conversation;
  useEffect(() => {
    along.current = true;
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [turns.length]);
  const follow = useCallback(() => {
    if (along.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, []);
  return (
    <div
      className="chat-turns"
      ref={box}
      tabIndex={0}
      role="log"
      aria-label="Turns"
      aria-busy={live !== undefined}
      onScroll={({ currentTarget: at }) => {
        along.current = at.scrollHeight - at.scrollTop - at.clientHeight < nearPx;
      }}
    >
      <h1 className="visually-hidden">{turns[0] ? titleOf(turns[0].user) : "New conversation"}</h1>
      {turns.length === 0 && <FirstDials atlas={atlas} dialed={conversation.dials.length > 0} onChoose={onDial} />}
      {turns.map((turn, at) => (
        <Turn
          key={at}
          turn={turn}
          at={at}
          atlas={atlas}
          last={at === turns.length - 1}
          live={live?.at === at ? live : undefined}
          busy={live !== undefined}
          told={told[at]}
          follow={follow}
          onAsk={onAsk}
          onRegenerate={onRegenerate}
        />
      ))}
    </div>
  );
}

interface TurnProps {
  turn: ChatTurn;
  at: number;
  atlas: string | null;
  last: boolean;
  live: Live | undefined;
  /** Something is being answered. */
  busy: boolean;
  told: Told | undefined;
  follow: () => void;
  onAsk: (user: string, at?: number) => void;
  onRegenerate: () => void;
}

const Turn = memo(function Turn({ turn, at, atlas, last, live, busy, told, follow, onAsk, onRegenerate }: TurnProps): ReactElement {
  const [editing, setEditing] = useState(false);
  const state = useGeneration(live?.generation) ?? told?.state;
  useEffect(() => {
    if (live) follow();
  }, [live, state, follow]);
  const sides = live?.sides ?? told?.sides ?? (["plain", "edited"] as const).filter((side) => turn[side] !== null);
  const text = (side: Side, i: number): string => (live ? state?.variants[i]?.text : turn[side]) ?? "";
  const comparison = state ? state.changes[0] : turn.changes;
  const figures = state ? undefined : turn.figures;
  return (
    <article className="chat-turn" aria-label={`Turn ${at + 1}`}>
      <Question
        text={turn.user}
        editing={editing}
        setEditing={setEditing}
        followed={!last}
        busy={busy}
        onSend={(user) => {
          setEditing(false);
          onAsk(user, at);
        }}
      />
      <div className={`chat-turn-sides of-${sides.length}`}>
        {sides.map((side, i) => (
          <section key={side} aria-label={`${side === "plain" ? "Plain" : "Edited"} answer`}>
            <h2 className={`side-${side}`} title={side === "edited" ? turn.edits.map(formatEditText).join("  ") : undefined}>
              {side}
              {side === "edited" && turn.edits.length > 0 && (
                <code className="chat-turn-edits">{turn.edits.map(formatEditText).join(" ")}</code>
              )}
            </h2>
            <Answer side={side} text={text(side, i)} writing={live !== undefined && isWriting(state, i)} />
          </section>
        ))}
      </div>
      {sides.length === 0 && !live && <p className="answer-line quiet">There is no answer to this.</p>}
      {state && <GenerationProblems state={state} />}
      <div className="chat-turn-foot">
        {state && <GenerationLine state={state} />}
        {figures && <p className="answer-line quiet">{describeFigures(figures)}</p>}
        {last && !busy && (
          <button type="button" className="plain" onClick={onRegenerate} title="Answer again, with the dials as they are now">
            Regenerate
          </button>
        )}
      </div>
      {comparison && atlas !== null && <ChangesView atlas={atlas} risen={comparison.risen} fallen={comparison.fallen} />}
    </article>
  );
});

function isWriting(state: GenerationState | undefined, variant: number): boolean {
  return state !== undefined && state.variants[variant]?.reason === null;
}
