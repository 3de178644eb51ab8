import type { Chats } from "@lexiscope/contract";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type KeyboardEvent, type ReactElement } from "react";
import { Link } from "wouter";
import { changeChat, deleteChat, useChats } from "./chats-api.ts";
import "./chat-list.css";

type Entry = Chats["chats"][number];

/** The conversations that are kept, the latest first. */
export function ChatList({
  current,
  onNew,
  onChosen,
}: {
  current: string | undefined;
  onNew: () => void;
  onChosen: () => void;
}): ReactElement {
  const chats = useChats();
  const [query, setQuery] = useState("");
  const all = chats.data?.chats ?? [];
  const wanted = query.trim().toLowerCase();
  const shown = wanted === "" ? all : all.filter(({ title }) => title.toLowerCase().includes(wanted));
  return (
    <aside className="chats" aria-label="Conversations">
      <button
        type="button"
        className="chats-new"
        onClick={() => {
          onNew();
          onChosen();
        }}
      >
        New conversation
      </button>
      {all.length > 12 && (
        <input
          type="search"
          aria-label="Find a conversation"
          placeholder="Find"
          value={query}
          onChange={({ target }) => setQuery(target.value)}
        />
      )}
      {chats.isError && (
        <p className="chats-note" role="alert">
          {chats.error.message}{" "}
          <button type="button" className="plain" onClick={() => void chats.refetch()}>
            Try again
          </button>
        </p>
      )}
      {chats.isSuccess && all.length === 0 && <p className="chats-note quiet">Conversations are kept here, on this machine.</p>}
      {wanted !== "" && shown.length === 0 && <p className="chats-note quiet">None has that in its name.</p>}
      <ul>
        {shown.map((chat) => (
          <Row key={chat.id} chat={chat} current={chat.id === current} onChosen={onChosen} onGone={onNew} />
        ))}
      </ul>
    </aside>
  );
}

function Row({
  chat,
  current,
  onChosen,
  onGone,
}: {
  chat: Entry;
  current: boolean;
  onChosen: () => void;
  onGone: () => void;
}): ReactElement {
  const [mode, setMode] = useState<"show" | "rename" | "delete">("show");
  const [title, setTitle] = useState(chat.title);
  const client = useQueryClient();
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: ["chats"] });
  const rename = useMutation({ mutationFn: () => changeChat(chat.id, { title: title.trim() }), onSettled: refresh });
  const remove = useMutation({
    mutationFn: () => deleteChat(chat.id),
    onSuccess: () => {
      if (current) onGone();
    },
    onSettled: refresh,
  });
  const problem = rename.error ?? remove.error;
  const finish = (): void => {
    setMode("show");
    if (title.trim() !== "" && title.trim() !== chat.title) rename.mutate();
    else setTitle(chat.title);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter") finish();
    if (event.key !== "Escape") return;
    setTitle(chat.title);
    setMode("show");
  };
  if (mode === "rename")
    return (
      <li>
        <input
          autoFocus
          onFocus={({ target }) => target.select()}
          aria-label="New name"
          maxLength={200}
          value={title}
          onChange={({ target }) => setTitle(target.value)}
          onBlur={finish}
          onKeyDown={onKeyDown}
        />
      </li>
    );
  if (mode === "delete")
    return (
      <li className="chats-sure" role="group" aria-label={`Delete ${chat.title}?`}>
        <span>Delete for good?</span>
        <button type="button" autoFocus onClick={() => remove.mutate()} disabled={remove.isPending}>
          Delete
        </button>
        <button type="button" className="plain" onClick={() => setMode("show")}>
          Keep
        </button>
      </li>
    );
  return (
    <li className={current ? "current" : ""}>
      <Link href={`/chat/${encodeURIComponent(chat.id)}`} aria-current={current ? "page" : undefined} onClick={onChosen} title={chat.title}>
        <bdi>{rename.isPending ? title : chat.title}</bdi>
      </Link>
      <span className="chats-acts">
        <button type="button" className="plain" onClick={() => setMode("rename")} aria-label={`Rename ${chat.title}`} title="Rename">
          ✎
        </button>
        <button type="button" className="plain" onClick={() => setMode("delete")} aria-label={`Delete ${chat.title}`} title="Delete">
          ×
        </button>
      </span>
      {problem && (
        <p className="chats-note" role="alert">
          {problem.message}
        </p>
      )}
    </li>
  );
}
