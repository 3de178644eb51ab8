import { memo, type ReactElement } from "react";
import type { GenerationState } from "../api/generation-state.ts";
import { formatNumber } from "./format.ts";
import "./answer.css";

/** An answer as plain text, whitespace kept. `writing` shows that more may come. */
export const Answer = memo(function Answer({
  text,
  writing,
  side,
}: {
  text: string;
  writing: boolean;
  side: "plain" | "edited";
}): ReactElement {
  return (
    <bdi className={`answer ${side}`} dir="auto">
      {text}
      {writing && <span className="answer-caret" aria-label="being written" role="img" />}
    </bdi>
  );
});

/** Where an answer stands, in one quiet line: the queue, the rate, why it ended. */
export function GenerationLine({ state }: { state: GenerationState }): ReactElement | null {
  const text = describeGeneration(state);
  return text === "" ? null : (
    <p className="answer-line quiet" role="status">
      {text}
    </p>
  );
}

export function describeFigures({ firstTokenMs, tokensPerSecond }: Omit<NonNullable<GenerationState["figures"]>, "tokens">): string {
  return `first token after ${Math.round(firstTokenMs)} ms · ${formatNumber(tokensPerSecond)} tokens/s each`;
}

export function describeGeneration({ phase, position, figures, variants, dropped }: GenerationState): string {
  const parts: string[] = [];
  if (phase === "waiting")
    parts.push(position === null ? "Asking the model …" : position === 0 ? "Reading the prompt …" : `${position} before you`);
  if (phase === "stopped") parts.push("Stopped");
  if (figures) parts.push(describeFigures(figures));
  if (dropped > 0) parts.push(`${dropped} earlier ${dropped === 1 ? "message" : "messages"} did not fit the context`);
  if (variants.some(({ reason }) => reason === "length")) parts.push("cut at the most tokens allowed");
  if (variants.some(({ reason }) => reason === "context")) parts.push("the context is full");
  return parts.join(" · ");
}

/** The server's own words about what went wrong or is doubtful. */
export function GenerationProblems({ state }: { state: GenerationState }): ReactElement {
  const { error, warnings, variants } = state;
  return (
    <>
      {warnings.map((warning) => (
        <p key={warning} className="answer-warning" role="note">
          <b>Note</b> {warning}
        </p>
      ))}
      {error && (
        <p className="answer-error" role="alert">
          <b>{variants.some(({ text }) => text !== "") ? "Stopped" : "Not answered"}:</b> {error.message}
          {error.hint !== undefined && <span className="quiet"> {error.hint}</span>}
        </p>
      )}
    </>
  );
}
