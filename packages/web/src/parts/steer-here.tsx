import { useEffect, useState, type FormEvent, type ReactElement } from "react";
import { Link } from "wouter";
import { startGeneration, type Generation } from "../api/generation.ts";
import { isOver } from "../api/generation-state.ts";
import { useGeneration } from "../api/use-generation.ts";
import { Answer, GenerationLine, GenerationProblems } from "./answer.tsx";
import { chatLink } from "./chat-link.ts";
import { newDial, type Dialed } from "./dial-units.ts";
import { Dial } from "./dial.tsx";
import "./steer-here.css";

const question = "Tell me a story about a journey.";

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
  const [prompt, setPrompt] = useState(question);
  const [dial, setDial] = useState<Dialed>(() => newDial(feature));
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
        prompt: { messages: [{ role: "user", content: prompt }] },
        variants: [{ edits: [] }, { edits: [dial.edit] }],
        maxTokens: 100,
      }),
    );
  };
  return (
    <form className="steer" onSubmit={submit} aria-label="Steer with this feature">
      <div className="steer-ask">
        <input aria-label="Question" value={prompt} maxLength={100_000} onChange={({ target }) => setPrompt(target.value)} />
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
        onChange={setDial}
        maximum={maximum}
        medianNorm={medianNorm}
        promptTokens={state?.promptTokens ?? undefined}
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
        {state ? <GenerationLine state={state} /> : <p className="quiet">Greedy, at most 100 tokens.</p>}
        <Link href={chatLink({ atlas, edits: [dial.edit], prompt })}>Open in Chat</Link>
      </div>
    </form>
  );
}
