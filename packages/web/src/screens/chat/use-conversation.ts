import type { Chat } from "@lexiscope/contract";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { startGeneration, type Generation } from "../../api/generation.ts";
import { isOver, type GenerationState } from "../../api/generation-state.ts";
import { changeChat, createChat, getChat } from "./chats-api.ts";
import {
  answersOf,
  fromChat,
  newSeed,
  requestFor,
  titleOf,
  toInput,
  withAnswers,
  withQuestion,
  type Conversation,
  type Side,
} from "./conversation.ts";
import { createKeeper } from "./keeper.ts";

/** The turn that is being answered. */
export interface Live {
  at: number;
  sides: Side[];
  generation: Generation;
  /** What was asked, to tell whether asking again would be the same. */
  asked: string;
}

/** How a turn's answer came about; known until the page is left. */
export interface Told {
  sides: Side[];
  asked: string;
  state: GenerationState;
}

export interface ConversationHandle {
  conversation: Conversation;
  change: (parts: Partial<Conversation>) => void;
  /** Asks at turn `at` (default: after the last one); what followed is dropped. */
  ask: (user: string, at?: number) => void;
  stop: () => void;
  /** Answers the last turn again; sampled, it takes a new seed unless something else was changed. */
  regenerate: () => void;
  live: Live | undefined;
  /** By turn. */
  told: readonly (Told | undefined)[];
  /** Why the conversation could not be kept. */
  saveProblem: string | undefined;
  retrySave: () => void;
}

/** One conversation: what is said, what is being answered, and that it is kept. */
export function useConversation(initial: Chat | undefined, start: () => Conversation, onCreated: (chat: Chat) => void): ConversationHandle {
  const [conversation, setConversation] = useState<Conversation>(() => (initial ? fromChat(initial) : start()));
  const latest = useRef(conversation);
  const [live, setLive] = useState<Live>();
  const [told, setTold] = useState<(Told | undefined)[]>([]);
  const [saveProblem, setSaveProblem] = useState<string>();
  const client = useQueryClient();
  const created = useRef(onCreated);
  created.current = onCreated;
  const [keeper] = useState(() => {
    const made = createKeeper(
      { create: createChat, change: changeChat },
      {
        id: initial?.id,
        onCreated: (chat) => created.current(chat),
        onSaved: () => {
          setSaveProblem(undefined);
          void client.invalidateQueries({ queryKey: ["chats"] });
        },
        onError: (error) => setSaveProblem(error instanceof Error ? error.message : String(error)),
      },
    );
    if (initial) made.adopt(toInput(fromChat(initial)), initial.updated);
    return made;
  });

  const set = useCallback(
    (next: Conversation) => {
      latest.current = next;
      setConversation(next);
      const question = next.turns[0]?.user;
      if (question !== undefined) keeper.keep(toInput(next), titleOf(question));
    },
    [keeper],
  );
  const change = useCallback((parts: Partial<Conversation>) => set({ ...latest.current, ...parts }), [set]);

  const running = useRef<Live>(undefined);
  const stop = useCallback(() => running.current?.generation.stop(), []);
  const ask = useCallback(
    (user: string, at: number = latest.current.turns.length) => {
      if (running.current) return;
      const asked = withQuestion(latest.current, user, at);
      const { request, sides } = requestFor(asked, at);
      const now: Live = { at, sides, generation: startGeneration(request), asked: JSON.stringify(request) };
      running.current = now;
      set(asked);
      setLive(now);
      setTold((before) => before.slice(0, at));
      const finish = async (): Promise<void> => {
        const state = await now.generation.finished;
        running.current = undefined;
        setLive(undefined);
        setTold((before) => Object.assign([...before], { [at]: { sides, asked: now.asked, state } }));
        set(withAnswers(latest.current, at, answersOf(sides, state)));
      };
      void finish();
    },
    [set],
  );

  const regenerate = useCallback(() => {
    const at = latest.current.turns.length - 1;
    const last = latest.current.turns[at];
    if (!last || running.current) return;
    const { sampling } = latest.current;
    const again = JSON.stringify(requestFor(withQuestion(latest.current, last.user, at), at).request);
    if (sampling.temperature > 0 && told[at]?.asked === again) set({ ...latest.current, sampling: { ...sampling, seed: newSeed() } });
    ask(last.user, at);
  }, [ask, set, told]);

  useEffect(() => {
    const leave = (): void => void keeper.flush();
    const look = (): void => {
      if (document.hidden) return leave();
      void adoptNewer();
    };
    /** Another tab may have gone on with it. */
    const adoptNewer = async (): Promise<void> => {
      const { clean, updated } = keeper.state();
      if (!clean || updated === undefined || initial === undefined || running.current) return;
      const chat = await getChat(initial.id).catch(() => undefined);
      if (!chat || chat.updated <= updated || running.current || !keeper.state().clean) return;
      const next = fromChat(chat);
      keeper.adopt(toInput(next), chat.updated);
      latest.current = next;
      setConversation(next);
      setTold([]);
    };
    addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("pagehide", leave);
      document.removeEventListener("visibilitychange", look);
      leave();
    };
  }, [keeper, initial]);
  useEffect(() => {
    return () => {
      const now = running.current;
      if (now && !isOver(now.generation.state())) now.generation.stop();
    };
  }, []);

  return {
    conversation,
    change,
    ask,
    stop,
    regenerate,
    live,
    told,
    saveProblem,
    retrySave: () => void keeper.flush(),
  };
}
