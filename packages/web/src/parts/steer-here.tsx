import { useEffect, useMemo, useState, type FormEvent, type ReactElement } from "react";
import { Link } from "wouter";
import { startGeneration, type Generation } from "../api/generation.ts";
import { isOver } from "../api/generation-state.ts";
import { useGeneration } from "../api/use-generation.ts";
import { useSelectedModel } from "../state/selection.ts";
import { useUrlState } from "../state/url-state.ts";
import { useDebounced } from "../state/use-debounced.ts";
import { Answer, GenerationLine, GenerationProblems } from "./answer.tsx";
import { chatLink } from "./chat-link.ts";
import { Dial } from "./dial.tsx";
import { readSteering, steeringAddress } from "./steer-address.ts";
import "./steer-here.css";

const maxTokens = 100;

/** Turning one feature on its own page: a question, a dial, and both answers as they are written. */
export function SteerHere({
  atlas,
  feature,
  maximum,
  medianNorm,
}: {
  atlas: string;
  feature: number;
  maximum: number;
  medianNorm: number;
}): ReactElement {
  const [params, setParams] = useUrlState();
  const model = useSelectedModel();
  const [{ question: prompt, dial }, setSteering] = useState(() => readSteering(params, feature, maximum));
  // Not at every step of the slider: browsers limit how often an address changes.
  const settled = useDebounced(
    useMemo(() => ({ question: prompt, edit: dial.edit }), [prompt, dial]),
    250,
  );
  useEffect(() => {
    const next = steeringAddress(settled, maximum);
    const now = new URLSearchParams(location.search);
    if (next.steer !== now.get("steer") || next.edit !== now.get("edit")) setParams(next);
  }, [settled, maximum, setParams]);
  const source = useMemo(
    () => ({ prompt: { messages: [{ role: "user" as const, content: prompt }] }, atlas, model, maxTokens }),
    [prompt, atlas, model],
  );
  const [generation, setGeneration] = useState<Generation>();
  const state = useGeneration(generation);
  useEffect(() => () => generation?.stop(), [generation]);
  const running = state !== undefined && !isOver(state);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (prompt.trim() === "") return;
    setGeneration(
      startGeneration({
        atlas,
        ...(model === undefined ? {} : { model }),
        prompt: source.prompt,
        variants: [{ edits: [] }, { edits: [dial.edit] }],
        maxTokens,
      }),
    );
  };
  return (
    <form className="steer" onSubmit={submit} aria-label="Steer with this feature">
      <div className="steer-ask">
        <input
          aria-label="Question"
          value={prompt}
          maxLength={100_000}
          onChange={({ target }) => setSteering({ question: target.value, dial })}
        />
        {running ? (
          <button type="button" onClick={() => generation?.stop()}>
            Stop
          </button>
        ) : (
          <button type="submit" className="primary" disabled={prompt.trim() === ""}>
            Answer
          </button>
        )}
      </div>
      <Dial
        bare
        atlas={atlas}
        dial={dial}
        onChange={(next) => setSteering({ question: prompt, dial: next })}
        maximum={maximum}
        medianNorm={medianNorm}
        source={prompt.trim() === "" ? undefined : source}
      />
      {state && (
        <div className="steer-answers">
          <section aria-label="Plain answer">
            <h3 className="side-plain">plain</h3>
            <Answer side="plain" text={state.variants[0]?.text ?? ""} writing={running && state.variants[0]?.reason === null} />
          </section>
          <section aria-label="Edited answer">
            <h3 className="side-edited">edited</h3>
            <Answer side="edited" text={state.variants[1]?.text ?? ""} writing={running && state.variants[1]?.reason === null} />
          </section>
        </div>
      )}
      {state && <GenerationProblems state={state} />}
      <div className="steer-foot">
        {state ? (
          <GenerationLine state={state} />
        ) : (
          <p className="quiet">
            {maximum > 0 && "1 × max is as strong as the atlas ever saw it. "}Too far up, the answer falls apart. Greedy, at most{" "}
            {maxTokens} tokens.
          </p>
        )}
        <Link href={chatLink({ atlas, edits: [dial.edit], prompt })}>Open in Chat</Link>
      </div>
    </form>
  );
}
