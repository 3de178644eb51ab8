import { useState, type ReactElement } from "react";
import { Link } from "wouter";
import { useJobs, hasEnded } from "../../api/jobs.ts";
import { usePromptTokens } from "../../api/prompt.ts";
import { formatCount } from "../../parts/format.ts";
import { Failed } from "../../parts/states.tsx";
import { visibleToken } from "../../parts/token-text.ts";
import { useSelectedModel } from "../../state/selection.ts";
import { Examples } from "./example-texts.tsx";
import { InspectWait } from "./inspect-wait.tsx";
import { TextBox } from "./text-box.tsx";
import { useText } from "./use-text.ts";

/** A text as the model reads it, while no dictionary says what it sees there. */
export function InspectBare(): ReactElement {
  const { draft, setDraft, text, submit } = useText();
  const running = useJobs().data?.jobs.some((job) => !hasEnded(job)) ?? false;
  return (
    <div className="inspect">
      <h1 className="visually-hidden">Inspect a text</h1>
      <TextBox draft={draft} setDraft={setDraft} submit={submit} busy={false} note={undefined} />
      <p className="inspect-bare-note">
        <b>There is no atlas yet,</b> so this shows the tokens that the model reads and not what it sees in them.{" "}
        {running ? (
          <>
            One is being made: <Link href="/runs">watch it</Link>; this text will be waiting here.
          </>
        ) : (
          <Link href="/runs">Make one</Link>
        )}
      </p>
      {text === "" ? <Examples choose={submit} /> : <BareTokens text={text} key={text} />}
    </div>
  );
}

function BareTokens({ text }: { text: string }): ReactElement {
  const read = usePromptTokens({ prompt: text, model: useSelectedModel(), maxTokens: 1 });
  const [at, setAt] = useState<number>();
  if (read.isError) return <Failed title="The text could not be read" error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <InspectWait text={text} />;
  const { tokens, model } = read.data;
  const token = at === undefined ? undefined : tokens[at];
  return (
    <>
      <p className="quiet small" role="status">
        {formatCount(tokens.length)} tokens, <bdi>{model}</bdi>
        {token && ` · token ${at} is number ${token.id} of the vocabulary`}
      </p>
      <div
        className="shaded inspect-bare"
        dir="auto"
        onPointerOver={({ target }) => {
          const i = target instanceof HTMLElement ? target.dataset["at"] : undefined;
          if (i !== undefined) setAt(Number(i));
        }}
        onPointerLeave={() => setAt(undefined)}
      >
        {tokens.map(({ text: shown }, i) => (
          <bdi key={i} data-at={i} className="inspect-bare-token">
            {visibleToken(shown)}
          </bdi>
        ))}
      </div>
    </>
  );
}
