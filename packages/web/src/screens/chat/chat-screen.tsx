import type { Chat } from "@lexiscope/contract";
import { useRef, useState, type ReactElement } from "react";
import { useLocation } from "wouter";
import { ApiError } from "../../api/client.ts";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { ChatView } from "./chat-view.tsx";
import { useChat } from "./chats-api.ts";
import { useStatus } from "../../api/queries.ts";
import { useSelectedAtlas } from "../../state/selection.ts";

/** The conversation that the address names, or a new one. */
export function ChatScreen({ chat }: { chat: string | undefined }): ReactElement {
  const [, navigate] = useLocation();
  const [session, setSession] = useState({ number: 0, chat, load: chat });
  /** A conversation that this session has just made: the address follows it, not the other way round. */
  const own = useRef<{ session: number; id: string }>(undefined);
  if (session.chat !== chat) {
    const same = own.current?.id === chat && own.current?.session === session.number;
    setSession(same ? { ...session, chat } : { number: session.number + 1, chat, load: chat });
  }
  const onCreated = (made: Chat): void => {
    own.current = { session: session.number, id: made.id };
    navigate(`/chat/${encodeURIComponent(made.id)}`, { replace: true });
  };
  const renew = (): void => {
    if (chat === undefined) setSession({ number: session.number + 1, chat, load: chat });
    navigate("/chat");
  };
  return <Session key={session.number} id={session.load} shown={chat} onCreated={onCreated} onNew={renew} />;
}

function Session({
  id,
  shown,
  onCreated,
  onNew,
}: {
  id: string | undefined;
  /** The conversation that the address names now. */
  shown: string | undefined;
  onCreated: (chat: Chat) => void;
  onNew: () => void;
}): ReactElement {
  const kept = useChat(id);
  const known = useStatus().isFetched;
  const atlas = useSelectedAtlas();
  if (atlas === undefined && !known) return <Loading what="the server" />;
  if (id !== undefined && kept.isPending) return <Loading what="the conversation" />;
  if (id !== undefined && kept.isError) {
    if (kept.error instanceof ApiError && kept.error.code === "not_found")
      return (
        <Empty title="This conversation is not here">
          <p>It may have been deleted, or kept on another machine.</p>
          <p className="chat-gone">
            <button type="button" onClick={onNew}>
              New conversation
            </button>
          </p>
        </Empty>
      );
    return <Failed title="The conversation could not be opened" error={kept.error} retry={() => void kept.refetch()} />;
  }
  return <ChatView initial={kept.data} id={shown} onCreated={onCreated} onNew={onNew} />;
}
