import type { PromptTokens as Tokens } from "@lexiscope/contract";
import { memo, useEffect, useId, useRef, type KeyboardEvent, type ReactElement } from "react";
import { usePromptTokens, type PromptSource } from "../api/prompt.ts";
import { useDebounced } from "../state/use-debounced.ts";
import { formatCount, visibleToken } from "./format.ts";
import { stepPosition } from "./prompt-step.ts";
import "./prompt-tokens.css";

/** The prompt as the model reads it; a click or the arrow keys choose the token that an edit holds from. */
export function PromptTokens({
  source,
  from,
  to,
  onChoose,
}: {
  source: PromptSource;
  from: number;
  /** Before which the edit ends; absent: never. */
  to: number | undefined;
  onChoose: (from: number) => void;
}): ReactElement {
  const read = usePromptTokens(useDebounced(source, 300));
  if (read.isError)
    return (
      <p className="dial-problem" role="alert">
        {read.error.message}
      </p>
    );
  if (!read.data) return <p className="dial-hint quiet">The model reads the prompt …</p>;
  return <TokenChoice tokens={read.data.tokens} dropped={read.data.dropped} from={from} to={to} onChoose={onChoose} />;
}

interface ChoiceProps {
  tokens: Tokens["tokens"];
  dropped: number;
  from: number;
  to: number | undefined;
  onChoose: (from: number) => void;
}

const TokenChoice = memo(function TokenChoice({ tokens, dropped, from, to = Infinity, onChoose }: ChoiceProps): ReactElement {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const at = Math.min(from, tokens.length);
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = stepPosition(event.key, at, tokens.length);
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next);
  };
  useEffect(() => {
    const chosen = box.current?.children[at];
    if (!(chosen instanceof HTMLElement) || !box.current) return;
    const { offsetTop: top, offsetHeight: height } = chosen;
    const { scrollTop, clientHeight } = box.current;
    if (top < scrollTop || top + height > scrollTop + clientHeight) box.current.scrollTop = top - clientHeight / 3;
  }, [at]);
  return (
    <>
      <div
        className="prompt-tokens"
        ref={box}
        role="listbox"
        tabIndex={0}
        aria-label="From which token of the prompt on"
        aria-activedescendant={`${id}-${at}`}
        onKeyDown={onKeyDown}
        onClick={({ target }) => {
          const chosen = target instanceof Element ? target.closest<HTMLElement>("[data-at]")?.dataset["at"] : undefined;
          if (chosen !== undefined) onChoose(Number(chosen));
        }}
      >
        {tokens.map(({ text, special, role }, i) => (
          <bdi
            key={i}
            id={`${id}-${i}`}
            data-at={i}
            role="option"
            aria-selected={i === at}
            title={`token ${i}${role === null ? "" : `, ${role}`}${special ? ": markup, which no edit changes" : ""}`}
            className={`prompt-token${special ? " markup" : ""}${i >= from && i < to ? " held" : ""}${i === at ? " first" : ""}`}
          >
            {visibleToken(text)}
          </bdi>
        ))}
        <span
          id={`${id}-${tokens.length}`}
          data-at={tokens.length}
          role="option"
          aria-selected={at === tokens.length}
          className={`prompt-token prompt-answer${to > tokens.length ? " held" : ""}${at === tokens.length ? " first" : ""}`}
        >
          the answer
        </span>
      </div>
      <span className="dial-hint quiet">
        Click a token, or use the arrow keys. {formatCount(tokens.length)} tokens, template included
        {dropped > 0
          ? `; ${dropped} earlier ${dropped === 1 ? "message does" : "messages do"} not fit and ${dropped === 1 ? "is" : "are"} left out`
          : ""}
        .
      </span>
    </>
  );
});
