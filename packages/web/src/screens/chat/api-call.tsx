import { useState, type ReactElement } from "react";
import { useAtlases, useModels, useStatus } from "../../api/queries.ts";
import { chatLink } from "../../parts/chat-link.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { inForce } from "../../parts/dial-units.ts";
import { Segments } from "../../parts/segments.tsx";
import { apiBody, curlText, pythonText } from "./api-text.ts";
import { withQuestion, type Conversation } from "./conversation.ts";

const languages = [
  ["curl", "curl"],
  ["python", "Python"],
] as const;

/** The same answer from a program, and the same screen as a link. */
export function ApiCall({ conversation, draft }: { conversation: Conversation; draft: string }): ReactElement {
  const [language, setLanguage] = useState<"curl" | "python">("curl");
  const [open, setOpen] = useState(false);
  const { turns, atlas, dials } = conversation;
  const question = draft.trim() === "" ? turns.at(-1)?.user : draft;
  const link = `${location.origin}${chatLink({ atlas: atlas ?? undefined, edits: inForce(dials), prompt: question ?? "" })}`;
  return (
    <section className="chat-api" aria-label="Share">
      <h2>Share</h2>
      <div className="chat-api-row">
        <span className="quiet">Link to a new one like this</span>
        <CopyButton text={link}>Copy link</CopyButton>
      </div>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>As an API call</summary>
        {open && <Text conversation={conversation} draft={draft} language={language} setLanguage={setLanguage} />}
      </details>
    </section>
  );
}

function Text({
  conversation,
  draft,
  language,
  setLanguage,
}: {
  conversation: Conversation;
  draft: string;
  language: "curl" | "python";
  setLanguage: (language: "curl" | "python") => void;
}): ReactElement {
  const status = useStatus();
  const models = useModels();
  const atlases = useAtlases();
  const { turns, atlas } = conversation;
  // What would be sent next; with nothing written, the last question as it was.
  const next = draft.trim() !== "" || turns.length === 0;
  const asked = next ? withQuestion(conversation, draft.trim() === "" ? "Hello" : draft, turns.length) : conversation;
  const made = atlases.data?.atlases.find(({ id }) => id === atlas)?.summary?.model;
  const ofAtlas = models.data?.models.find(({ id, name }) => made !== undefined && (id === made || name === made))?.id;
  const model = conversation.model ?? ofAtlas ?? status.data?.defaults.model ?? models.data?.models[0]?.id ?? "";
  const body = apiBody(asked, asked.turns.length - 1, model);
  const target = { origin: location.origin, signIn: status.data?.signIn ?? false };
  const text = language === "curl" ? curlText(body, target) : pythonText(body, target);
  return (
    <>
      <div className="chat-api-row">
        <Segments label="Language" choices={languages} value={language} onChange={setLanguage} />
        <CopyButton text={text}>Copy</CopyButton>
      </div>
      <pre className="chat-api-text" tabIndex={0}>
        {text}
      </pre>
      <p className="quiet chat-api-note">
        {next ? "What would be sent next" : "The last question again"}
        {"steering" in body ? "; any OpenAI client takes the edits as its extra field `steering`." : "."}
      </p>
    </>
  );
}
