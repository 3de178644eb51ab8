import type { Chat, ChatInput } from "@lexiscope/contract";

/** How a conversation is written to the server. */
export interface ChatStore {
  create(input: ChatInput): Promise<Chat>;
  change(id: string, input: ChatInput): Promise<Chat>;
}

export interface Keeper {
  /** What is to be kept. The first call with a title makes the conversation; later ones change it a moment after the last. */
  keep(input: ChatInput, title: string): void;
  /** Writes now what still waits. */
  flush(): Promise<void>;
  /** The server has `input` already: it came from there. */
  adopt(input: ChatInput, updated: string): void;
  /** Nothing waits to be written, and when the server wrote last. */
  state(): { clean: boolean; updated: string | undefined };
}

const delayMs = 600;

/** Keeps one conversation: one request at a time, the last state wins, what the server has already is not sent again. */
export function createKeeper(
  store: ChatStore,
  options: { id: string | undefined; onCreated: (chat: Chat) => void; onSaved: () => void; onError: (error: unknown) => void },
): Keeper {
  let { id } = options;
  let wanted: { input: ChatInput; title: string } | undefined;
  let kept = "";
  let updated: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;

  const isDirty = (): boolean => wanted !== undefined && JSON.stringify(wanted.input) !== kept;
  const write = async (): Promise<void> => {
    while (wanted && isDirty()) {
      const { input, title } = wanted;
      try {
        const made = id === undefined;
        const chat = id === undefined ? await store.create({ ...input, title }) : await store.change(id, input);
        id = chat.id;
        kept = JSON.stringify(input);
        ({ updated } = chat);
        if (made) options.onCreated(chat);
        options.onSaved();
      } catch (error) {
        options.onError(error);
        return;
      }
    }
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    running ??= write().finally(() => {
      running = undefined;
    });
    return running;
  };
  return {
    flush,
    keep: (input, title) => {
      wanted = { input, title };
      if (!isDirty()) return;
      clearTimeout(timer);
      if (id === undefined) void flush();
      else timer = setTimeout(() => void flush(), delayMs);
    },
    adopt: (input, at) => {
      kept = JSON.stringify(input);
      wanted = undefined;
      updated = at;
    },
    state: () => ({ clean: running === undefined && !isDirty(), updated }),
  };
}
