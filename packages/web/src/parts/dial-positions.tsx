import type { EditPositions } from "@lexiscope/contract";
import type { ReactElement } from "react";
import type { PromptSource } from "../api/prompt.ts";
import { NumberField } from "./number-field.tsx";
import { PromptTokens } from "./prompt-tokens.tsx";

const places = [
  ["all", "everywhere"],
  ["generated", "in the answer"],
  ["prompt", "in the prompt only"],
  ["from", "from token … on"],
  ["user", "in the user's messages"],
  ["assistant", "in the assistant's messages"],
  ["system", "in the system message"],
] as const;

/** Where an edit holds. Position 0 and special tokens are left alone by the server in any case. */
export function DialPositions({
  positions,
  onChange,
  source,
}: {
  positions: EditPositions;
  onChange: (positions: EditPositions) => void;
  /** What would be asked next; undefined while nothing is written. */
  source?: PromptSource | undefined;
}): ReactElement {
  const span = typeof positions === "object" && "from" in positions ? positions : undefined;
  const place = placeOf(positions);
  const choose = (value: string): void => {
    if (value === "all" || value === "generated" || value === "prompt") onChange(value);
    else if (value === "from") onChange({ from: 1 });
    else if (value === "user" || value === "assistant" || value === "system") onChange({ roles: [value] });
  };
  return (
    <div className="dial-where">
      <select aria-label="Where it holds" value={place} onChange={({ target }) => choose(target.value)}>
        {places.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
        {place === "other" && <option value="other">{describe(positions)}</option>}
      </select>
      {span && (
        <>
          <NumberField
            className="dial-from"
            label="First token"
            whole
            min={0}
            max={(span.to ?? 2 ** 24) - 1}
            value={span.from}
            onChange={(from) => onChange({ ...span, from })}
          />
          {span.to !== undefined && (
            <>
              <span className="quiet">up to before</span>
              <NumberField
                className="dial-from"
                label="Token before which it ends"
                whole
                min={span.from + 1}
                max={2 ** 24}
                value={span.to}
                onChange={(to) => onChange({ ...span, to })}
              />
            </>
          )}
          {source === undefined ? (
            <span className="dial-hint quiet">
              Counted in the prompt as the model reads it. Write a message, and its tokens stand here to choose from.
            </span>
          ) : (
            <PromptTokens source={source} from={span.from} to={span.to} onChoose={(from) => onChange(startingAt(span, from))} />
          )}
        </>
      )}
    </div>
  );
}

type Span = Extract<EditPositions, { from: number }>;

/** The span from another token on; an end that would come before it is dropped. */
function startingAt({ to }: Span, from: number): Span {
  return to === undefined || to <= from ? { from } : { from, to };
}

function placeOf(positions: EditPositions): string {
  if (typeof positions === "string") return positions;
  if ("from" in positions) return "from";
  return positions.roles.length === 1 ? (positions.roles[0] ?? "other") : "other";
}

function describe(positions: EditPositions): string {
  return typeof positions === "object" && "roles" in positions ? `in messages of ${positions.roles.join(" and ")}` : "";
}
