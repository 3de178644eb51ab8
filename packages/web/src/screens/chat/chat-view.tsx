import type { Chat } from "@lexiscope/contract";
import { formatEditText, parseEditText } from "@lexiscope/contract/edit-text";
import { useEffect, useState, type ReactElement } from "react";
import { newDial } from "../../parts/dial-units.ts";
import { useSelectedAtlas, useSelectedModel } from "../../state/selection.ts";
import { useUrlState } from "../../state/url-state.ts";
import { ChatList } from "./chat-list.tsx";
import { Composer } from "./composer.tsx";
import { newConversation, type Conversation } from "./conversation.ts";
import { Settings } from "./settings.tsx";
import { Turns } from "./turns.tsx";
import { useConversation } from "./use-conversation.ts";
import "./chat.css";

/** List, conversation, dials: three columns on a laptop, one at a time on a phone. */
export function ChatView({
  initial,
  id,
  onCreated,
  onNew,
}: {
  initial: Chat | undefined;
  id: string | undefined;
  onCreated: (chat: Chat) => void;
  onNew: () => void;
}): ReactElement {
  const selected = useSelectedAtlas();
  const chosenModel = useSelectedModel() ?? null;
  const [params, setParams] = useUrlState();
  const [refused, setRefused] = useState<string[]>(() => readEdits(params).refused);
  const handle = useConversation(initial, () => prefilled(params, selected ?? null, chosenModel), onCreated);
  const { conversation, change, ask, stop, live, told } = handle;
  const [panel, setPanel] = useState<"list" | "dials" | null>(null);
  const [draft, setDraft] = useState(() => (initial ? "" : (params.get("prompt") ?? "")));
  const fresh = conversation.turns.length === 0 && initial === undefined;

  // A new conversation follows the picker until it has something of that atlas; its dials stand in the address.
  const { atlas, model, dials } = conversation;
  const follows = dials.length === 0 && conversation.turns.every(({ edits }) => edits.length === 0);
  useEffect(() => {
    if (follows && selected !== undefined && selected !== atlas) change({ atlas: selected });
  }, [follows, selected, atlas, change]);
  const unasked = conversation.turns.length === 0;
  useEffect(() => {
    if (unasked && model !== chosenModel) change({ model: chosenModel });
  }, [unasked, model, chosenModel, change]);
  useEffect(() => {
    if (fresh) setParams({ edit: dials.filter(({ muted }) => !muted).map(({ edit }) => formatEditText(edit)) });
  }, [fresh, dials, setParams]);

  const other = selected !== undefined && atlas !== null && selected !== atlas ? selected : undefined;
  return (
    <div className="chat" data-panel={panel ?? "none"}>
      <nav className="chat-bar" aria-label="Panels of this screen">
        <button type="button" aria-pressed={panel === "list"} onClick={() => setPanel(panel === "list" ? null : "list")}>
          Conversations
        </button>
        <button type="button" aria-pressed={panel === "dials"} onClick={() => setPanel(panel === "dials" ? null : "dials")}>
          Dials{dials.length > 0 ? ` (${dials.length})` : ""}
        </button>
      </nav>
      <ChatList current={id} onNew={onNew} onChosen={() => setPanel(null)} />
      <section className="chat-main" aria-label="Conversation">
        {refused.length > 0 && (
          <div className="chat-refused" role="alert">
            {refused.map((problem) => (
              <p key={problem}>{problem}</p>
            ))}
            <button type="button" onClick={() => setRefused([])}>
              Go on without
            </button>
          </div>
        )}
        <Turns
          conversation={conversation}
          live={live}
          told={told}
          onAsk={ask}
          onRegenerate={handle.regenerate}
          onDial={(feature) => change({ dials: [...dials, newDial(feature)] })}
        />
        <Composer
          draft={draft}
          setDraft={setDraft}
          onSend={(text) => {
            ask(text);
            setDraft("");
          }}
          onStop={stop}
          running={live !== undefined}
          conversation={conversation}
          change={change}
          saveProblem={handle.saveProblem}
          retrySave={handle.retrySave}
        />
      </section>
      <Settings
        conversation={conversation}
        change={change}
        otherAtlas={other}
        otherModel={model === chosenModel ? undefined : chosenModel}
        draft={draft}
        busy={live !== undefined}
      />
    </div>
  );
}

function prefilled(params: URLSearchParams, atlas: string | null, model: string | null): Conversation {
  return newConversation({ atlas, model, dials: readEdits(params).edits.map((edit) => ({ edit, muted: false })) });
}

function readEdits(params: URLSearchParams): { edits: Conversation["dials"][number]["edit"][]; refused: string[] } {
  const read = params
    .getAll("edit")
    .slice(0, 64)
    .map((text) => ({ text, result: parseEditText(text) }));
  return {
    edits: read.flatMap(({ result }) => (result.ok ? [result.edit] : [])),
    refused: read.flatMap(({ text, result }) =>
      result.ok ? [] : [`The address has an edit that cannot be read, ${JSON.stringify(text)}: ${result.problem}.`],
    ),
  };
}
